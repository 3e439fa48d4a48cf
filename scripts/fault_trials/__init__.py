"""The trials of ``scripts/faults``: each row of its table is a claim, a fault that is tried, and a break it must see."""  # noqa: E501
