"""Grade a class: many gradients of one loss, each in a process of its own. Read wire, isolation, assignment, grades."""
