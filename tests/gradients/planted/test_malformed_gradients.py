"""What is no gradient is explained in words."""

import copy

import jaxnet as jn


def test_a_malformed_gradient_is_explained(malformed):
    problem = malformed.problem
    arguments = copy.deepcopy((problem.params, *problem.data))
    report = jn.check_gradient(problem.objective, *arguments, gradient=malformed.gradient, network=problem.network)
    assert not report.ok
    assert not [word for word in malformed.words if word.lower() not in str(report).lower()], str(report)
