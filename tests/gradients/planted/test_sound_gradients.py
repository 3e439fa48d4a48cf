"""No sound gradient is flagged, however awkward."""

import jaxnet as jn


def test_a_sound_gradient_is_not_flagged(sound):
    report = jn.check_gradient(sound.f, sound.params, *sound.data, gradient=sound.gradient, network=sound.network)
    assert report.ok, str(report)
    assert not report.causes


def test_a_sound_gradient_of_something_else_than_a_network_is_not_flagged(sound_elsewhere):
    sound = sound_elsewhere
    report = jn.check_gradient(sound.f, sound.params, *sound.data, gradient=sound.gradient)
    assert report.ok, str(report)
