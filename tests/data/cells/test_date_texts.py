"""Texts that are dates, held against Python's own calendar."""

from datetime import UTC, datetime

import pytest

from jaxnet.data.cells import date_style, read_dates


def seconds(*parts):
    return datetime(*parts, tzinfo=UTC).timestamp()


READ = {
    "ISO": (["2020-02-29", "1969-12-31"], [seconds(2020, 2, 29), -86400]),
    "ISO with time and zone": (
        ["2020-01-01T12:30:15Z", "2020-01-01 12:30:15.5+02:00"],
        [seconds(2020, 1, 1, 12, 30, 15), seconds(2020, 1, 1, 10, 30, 15) + 0.5],
    ),
    "a month": (["2020-03"], [seconds(2020, 3, 1)]),
    "slashes": (["2020/3/4"], [seconds(2020, 3, 4)]),
    "day first, by a 25th": (["3/4/2020", "25/4/2020"], [seconds(2020, 4, 3), seconds(2020, 4, 25)]),
    "month first, by a 25th": (["3/4/2020", "4/25/2020"], [seconds(2020, 3, 4), seconds(2020, 4, 25)]),
    "points": (["31.12.1999 23:59"], [seconds(1999, 12, 31, 23, 59)]),
    "two digits of a year": (["12/31/99", "1/1/05"], [seconds(1999, 12, 31), seconds(2005, 1, 1)]),
    "month's name first": (["Jan 1 2000", "February 29, 2000"], [seconds(2000, 1, 1), seconds(2000, 2, 29)]),
    "month's name and year": (["Jan 2000"], [seconds(2000, 1, 1)]),
    "month's name second": (["1-Mar-2001", "2 apr 2001"], [seconds(2001, 3, 1), seconds(2001, 4, 2)]),
    "a weekday before": (["Mon, 3 Feb 2020"], [seconds(2020, 2, 3)]),
    "halves of the day": (
        ["1/1/2020 12:00 AM", "1/1/2020 1:30 pm"],
        [seconds(2020, 1, 1), seconds(2020, 1, 1, 13, 30)],
    ),
    "eight digits": (["19580329", "20200101"], [seconds(1958, 3, 29), seconds(2020, 1, 1)]),
    "hyphens after a month's name": (["Jan-1-1995"], [seconds(1995, 1, 1)]),
    "C's own": (
        ["Thu Jan  3 05:07:09 2019", "Sat Feb 29 00:00:00 UTC 2020"],
        [seconds(2019, 1, 3, 5, 7, 9), seconds(2020, 2, 29)],
    ),
    "a web server's": (["03/Jan/2019:05:07:09 +0200"], [seconds(2019, 1, 3, 3, 7, 9)]),
    "Oracle's": (["03-Jan-19 05.07.09 PM"], [seconds(2019, 1, 3, 17, 7, 9)]),
    "ordinals": (["3rd January 2019", "21st of March 2020"], [seconds(2019, 1, 3), seconds(2020, 3, 21)]),
    "month and year": (["01/2019", "12/2020"], [seconds(2019, 1, 1), seconds(2020, 12, 1)]),
    "month's name and a short year": (["Jan-19", "Dec-99"], [seconds(2019, 1, 1), seconds(1999, 12, 1)]),
    "quarters": (["2019Q1", "2020-Q4"], [seconds(2019, 1, 1), seconds(2020, 10, 1)]),
    "quarters first": (["Q2 2019"], [seconds(2019, 4, 1)]),
    # the first week of 2020 began in 2019; 2020 had 53
    "weeks": (["2020-W01", "2020-W53-7", "2019W02"], [seconds(2019, 12, 30), seconds(2021, 1, 3), seconds(2019, 1, 7)]),
    "Chinese": (["2019年1月3日"], [seconds(2019, 1, 3)]),
    "digits with time": (["20190103T050709Z", "20190103050709"], [seconds(2019, 1, 3, 5, 7, 9)] * 2),
    "o'clock": (["3.1.2019 05:07 Uhr"], [seconds(2019, 3, 1, 5, 7)]),
    "time of day": (["00:30", "23:59:59"], [1800, 86399]),
}


@pytest.mark.parametrize(("texts", "expected"), READ.values(), ids=READ)
def test_a_column_of_dates_is_seconds_since_1970(texts, expected):
    found, bad = read_dates(texts, date_style(texts))
    assert (found.tolist(), bad.any()) == (expected, False)


@pytest.mark.parametrize(
    "texts",
    [
        ["2020-02-30"],
        ["2021-02-29"],
        ["2020-13-01"],
        ["25/25/2020"],
        ["12:61"],
        ["2020-01-01", "soon"],
        ["20"],
        ["2019-W53"],
        ["2019Q5"],
        ["13/2019"],
        ["1.2.3"],
        ["19000230"],
        ["13:00 PM"],
        [],
    ],
)
def test_what_is_no_day_of_the_calendar_is_no_date(texts):
    assert date_style(texts) is None


def test_a_cell_in_another_style_is_bad():
    assert read_dates(["2020-01-01", "1/2/2020", "2020-02-30"], "year first")[1].tolist() == [False, True, True]
