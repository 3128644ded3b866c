"""Series by country and year: the project's own form, the World Bank's, and what is refused by line."""

from collections.abc import Callable

import pytest

from rahdari.wire import country_distances, country_series, named_columns, product_numbers
from rahdari.wire.country_series import CountrySeries, Measure
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.product_numbers import ProductMeasure

LONG = b"country,year,gdp_usd,population\nPAK,2015,100,10\nPAK,2020,120,11\nCHN,2020,900,\n"
BULK = (
    b'\xef\xbb\xbf"Data Source","World Development Indicators",\r\n\r\n"Last Updated Date","2024-01-01",\r\n\r\n'
    b'"Country Name","Country Code","Indicator Name","Indicator Code","2015","2020",\r\n'
    b'"Pakistan","PAK","GDP (current US$)","NY.GDP.MKTP.CD","100.5","120",\r\n'
    b'"Aruba","ABW","GDP (current US$)","NY.GDP.MKTP.CD","","3",\r\n'
    b'"Pakistan","PAK","Population, total","SP.POP.TOTL","10","11",\r\n'
)
BANK = (
    b"Country Name,Country Code,Series Name,Series Code,2015 [YR2015],2020 [YR2020]\n"
    b"Pakistan,PAK,GDP (constant 2015 US$),NY.GDP.MKTP.KD,100,..\n"
    b",,,,,\nData from database: World Development Indicators,,,,,\n"
)


def series(raw: bytes) -> CountrySeries:
    return country_series.read(raw)


def test_levels_are_read_by_country_and_year_and_an_empty_cell_is_not_known() -> None:
    read = series(LONG)
    assert read.at(Measure.GDP, 2020) == {"PAK": 120.0, "CHN": 900.0}
    assert read.at(Measure.POPULATION, 2020) == {"PAK": 11.0}
    assert read.years(Measure.GDP) == (2015, 2020)
    assert read.has(Measure.GDP, Measure.POPULATION)
    assert not read.has(Measure.WAGE)


def test_columns_may_stand_in_any_order_with_names_beside_codes() -> None:
    read = series(b"Population;country_name;Year;country;GDP_usd\n10;Pakistan;2015;PAK;1e11\n")
    assert read.at(Measure.GDP, 2015) == {"PAK": 1e11}


def test_ratios_have_no_year() -> None:
    read = series(b"country,gdp_ratio,population_ratio\nPAK,1.2,1.1\nCHN,1.3,\n")
    assert read.at(Measure.GDP_RATIO, None) == {"PAK": 1.2, "CHN": 1.3}
    assert read.at(Measure.POPULATION_RATIO, None) == {"PAK": 1.1}
    assert read.years(Measure.GDP_RATIO) == ()


@pytest.mark.parametrize("year", ["", "2020,"])
def test_wages_may_have_a_year_or_none(year: str) -> None:
    header = (
        "country,year,wage_usd,output_per_worker_usd" if year else "country,wage_usd,output_per_worker_usd"
    )
    read = series(f"{header}\nPAK,{year}100,1000\n".encode())
    assert read.at(Measure.WAGE, 2020 if year else None) == {"PAK": 100.0}


def test_the_world_banks_bulk_download_is_read_as_it_comes() -> None:
    read = series(BULK)
    assert read.at(Measure.GDP, 2015) == {"PAK": 100.5}
    assert read.at(Measure.GDP, 2020) == {"PAK": 120.0, "ABW": 3.0}
    assert read.at(Measure.POPULATION, 2020) == {"PAK": 11.0}


def test_the_databanks_form_is_read_and_its_two_dots_are_not_known() -> None:
    read = series(BANK)
    assert read.at(Measure.GDP, 2015) == {"PAK": 100.0}
    assert read.at(Measure.GDP, 2020) == {}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "line 1: the file is empty"),
        (b"a,b\n1,2\n", "line 1: no column country"),
        (b"country,year\nPAK,2015\n", "line 1: no column of numbers"),
        (b"country,gdp_usd\nPAK,1\n", "line 1: a gdp_usd is of a year"),
        (b"country,year,gdp_ratio\nPAK,2015,1\n", "line 1: a gdp_ratio is expected over current"),
        (b"country,year,gdp\nPAK,2015,1\n", "line 1: the column 'gdp' is not known; known are country, year"),
        (b"country,year,year,gdp_usd\nPAK,1,1,1\n", "line 1: the column 'year' stands twice"),
        (b"country,year,gdp_usd\nPakistan,2015,1\n", "line 2: the country is 'Pakistan'"),
        (b"country,year,gdp_usd\nPK,2015,1\n", "line 2: the country is 'PK'"),
        (b"country,year,gdp_usd\npak,2015,1\n", "line 2: the country is 'pak'"),
        (b"country,year,gdp_usd\nPAK,15,1\n", "line 2: the year is '15'"),
        (b"country,year,gdp_usd\nPAK,2015.0,1\n", "line 2: the year"),
        (b"country,year,gdp_usd\nPAK,3015,1\n", "line 2: the year is '3015'"),
        (b"country,year,gdp_usd\nPAK,2015,1\nCHN,2015,-5\n", "line 3: the gdp_usd is '-5'; it is above 0"),
        (b"country,year,gdp_usd\nPAK,2015,0\n", "line 2: the gdp_usd is '0'"),
        (b"country,year,gdp_usd\nPAK,2015,nan\n", "line 2: the gdp_usd is 'nan'; it is a number"),
        (b"country,year,gdp_usd\nPAK,2015,1e308\n", "line 2: the gdp_usd"),
        (b"country,year,gdp_usd\nPAK,2015,1e999\n", "line 2: the gdp_usd"),
        (b'country,year,gdp_usd\nPAK,2015,"1,000"\n', "no thousands signs"),
        (b"country,year,gdp_usd\nPAK,2015\n", "line 2: 2 cells under 3 columns"),
        (
            b"country,year,gdp_usd\nPAK,2015,1\nPAK,2015,2\n",
            "line 3: line 2 already gives PAK a gdp_usd of 2015",
        ),
        (b"country,gdp_ratio\nPAK,0.001\n", "line 2: the gdp_ratio is '0.001'; it is 0.01 or more"),
        (b"country,gdp_ratio\nPAK,101\n", "line 2: the gdp_ratio is '101'"),
        (b"country,year,gdp_usd\nPAK,2015,\n", "no number below the header"),
        (BULK.replace(b"NY.GDP.MKTP.CD", b"NE.EXP.GNFS.CD"), "line 6: the indicator is 'NE.EXP.GNFS.CD'"),
        (BULK.replace(b'"120"', b'"-1"'), "line 6: the gdp_usd of 2020 is '-1'"),
        (BULK.replace(b'"SP.POP.TOTL"', b'"NY.GDP.MKTP.KD"'), "line 8: line 6 already gives PAK a gdp_usd"),
        (BULK.replace(b'"2015","2020"', b'"a","b"'), "no column is a year"),
        (BULK.replace(b'"Country Code"', b'"Code"'), "no column Country Code"),
        (b"Country Code,Indicator Code,2015\nPAK,SP.POP.TOTL\n", "line 2: 2 cells, fewer"),
        (b"Country Code,Indicator Code,2015\nPAKI,SP.POP.TOTL,1\n", "line 2: the Country Code is 'PAKI'"),
    ],
)
def test_a_bad_table_is_refused_with_line_and_reason(raw: bytes, told: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        series(raw)
    assert told in refused.value.message


def test_distances_are_read_by_pair_and_direction() -> None:
    read = country_distances.read(b"km,importer,exporter\n3882.9,CHN,PAK\n3900,PAK,CHN\n,IND,PAK\n")
    assert dict(read.kilometres) == {("PAK", "CHN"): 3882.9, ("CHN", "PAK"): 3900.0}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"exporter,importer\nPAK,CHN\n", "line 1: no column km"),
        (b"exporter,importer,km\nPAK,CHN,-1\n", "line 2: the km is '-1'"),
        (
            b"exporter,importer,km\nPAK,CHN,40076\n",
            "line 2: the km is '40076'; it is above 0, and at most 40075",
        ),
        (
            b"exporter,importer,km\nPAK,CHN,1\nPAK,CHN,1\n",
            "line 3: line 2 already gives the way from PAK to CHN",
        ),
        (b"exporter,importer,km\nPAK,China,1\n", "line 2: the importer is 'China'"),
        (b"exporter,importer,km\nPAK,CHN,\n", "no distance below"),
    ],
)
def test_bad_distances_are_refused_with_line_and_reason(raw: bytes, told: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        country_distances.read(raw)
    assert told in refused.value.message


def test_numbers_by_product_are_read_by_prefix() -> None:
    read = product_numbers.read(b"sigma,product,income_elasticity\n1.5,*,1\n,7403,0\n2,870300,\n")
    assert dict(read.of(ProductMeasure.SIGMA)) == {"": 1.5, "870300": 2.0}
    assert dict(read.of(ProductMeasure.INCOME_ELASTICITY)) == {"": 1.0, "7403": 0.0}
    assert dict(read.of(ProductMeasure.LABOUR)) == {}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"product\n74\n", "no number below the header"),
        (b"product,sigma\n740,1\n", "was a leading zero lost"),
        (b"product,sigma\n74031100,1\n", "line 2: the product"),
        (b"product,sigma\n74,-0.5\n", "line 2: the sigma is '-0.5'; it is 0 or more"),
        (b"product,sigma\n74,51\n", "at most 50"),
        (b"product,sigma\n74,1\n74,\n", "line 3: line 2 already has the product 74"),
        (b"product,sigma\n*,1\n*,2\n", "line 3: line 2 already has the product *"),
    ],
)
def test_bad_numbers_by_product_are_refused_with_line_and_reason(raw: bytes, told: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        product_numbers.read(raw)
    assert told in refused.value.message


@pytest.mark.parametrize(
    ("read", "most"),
    [
        (country_series.read, country_series.BYTES_MAX),
        (country_distances.read, country_distances.BYTES_MAX),
        (product_numbers.read, product_numbers.BYTES_MAX),
    ],
)
def test_a_file_beyond_its_size_is_refused_before_it_is_read(
    read: Callable[[bytes], object], most: int
) -> None:
    with pytest.raises(TooLarge, match="bytes, more than"):
        read(bytes(most + 1))


def test_a_table_of_too_many_rows_is_refused_at_the_first_that_is_too_many() -> None:
    rows = named_columns.read(b"country\nPAK\nCHN\nIND\n", needed=("country",), allowed=(), rows_max=2)
    assert [next(rows).country("country"), next(rows).line] == ["PAK", 3]
    with pytest.raises(TooLarge, match="line 4: more than 2 rows"):
        next(rows)
