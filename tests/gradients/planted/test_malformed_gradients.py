"""What is no gradient is explained in words."""

import copy

import jaxnet as jn


def test_a_malformed_gradient_is_explained(malformed):
    problem = malformed.problem
    arguments = copy.deepcopy((problem.params, *problem.data))
    report = jn.check_gradient(problem.objective, *arguments, gradient=malformed.gradient, network=problem.network)
    assert not report.ok
    assert not [word for word in malformed.words if word.lower() not in str(report).lower()], str(report)


def test_a_loss_that_differs_is_reported_before_a_wrong_gradient(mistake_on_the_article):
    problem = mistake_on_the_article.problem
    f, arguments = problem.objective, (problem.params, *problem.data)
    options = {"gradient": mistake_on_the_article.gradient, "network": problem.network}
    report = jn.check_gradient(f, *arguments, loss_value=2 * float(f(*arguments)), **options)
    assert not report.ok
    assert "loss" in report.causes[0].sentence
    assert [cause.kind for cause in report.causes[1:]] == [
        c.kind for c in jn.check_gradient(f, *arguments, **options).causes
    ]
