"""Comtrade tables for tests: the API's 47 columns, filled as the publisher fills them."""

from collections.abc import Mapping

from rahdari.wire.flow_cells import Numbering

_NAMES = (
    "typeCode freqCode refPeriodId refYear refMonth period reporterCode reporterISO reporterDesc flowCode flowDesc "
    "partnerCode partnerISO partnerDesc partner2Code partner2ISO partner2Desc classificationCode "
    "classificationSearchCode isOriginalClassification cmdCode cmdDesc aggrLevel isLeaf customsCode customsDesc "
    "mosCode motCode motDesc qtyUnitCode qtyUnitAbbr qty isQtyEstimated altQtyUnitCode altQtyUnitAbbr altQty "
    "isAltQtyEstimated netWgt isNetWgtEstimated grossWgt isGrossWgtEstimated cifvalue fobvalue primaryValue "
    "legacyEstimationFlag isReported isAggregate"
)
NAMES = _NAMES.split()

NUMBERING = Numbering(
    {586: "PAK", 156: "CHN", 699: "IND", 842: "USA", 251: "FRA", 757: "CHE"},
    areas=frozenset({0, 899}),
    numbers={"PAK": 586, "CHN": 156, "IND": 699, "USA": 842, "FRA": 251, "CHE": 757},
)

USUAL: dict[str, object] = {
    "typeCode": "C", "freqCode": "A", "refPeriodId": 20230101, "refYear": 2023, "refMonth": 52, "period": "2023",
    "reporterCode": 586, "reporterISO": "PAK", "reporterDesc": "Pakistan", "flowCode": "X", "flowDesc": "Export",
    "partnerCode": 156, "partnerISO": "CHN", "partnerDesc": "China", "partner2Code": 0, "partner2ISO": "W00",
    "partner2Desc": "World", "classificationCode": "H6", "classificationSearchCode": "HS",
    "isOriginalClassification": True, "cmdCode": "740311", "cmdDesc": "Copper; cathodes", "aggrLevel": 6,
    "isLeaf": True, "customsCode": "C00", "customsDesc": "TOTAL CPC", "mosCode": "0", "motCode": 0,
    "motDesc": "TOTAL MOT", "qtyUnitCode": 8, "qtyUnitAbbr": "kg", "qty": 100, "isQtyEstimated": False,
    "altQtyUnitCode": -1, "altQtyUnitAbbr": "N/A", "altQty": 0, "isAltQtyEstimated": False, "netWgt": 100.4,
    "isNetWgtEstimated": False, "grossWgt": 0, "isGrossWgtEstimated": False, "cifvalue": "", "fobvalue": 1200.5,
    "primaryValue": 1200.5, "legacyEstimationFlag": 0, "isReported": True, "isAggregate": False,
}  # fmt: skip


def row(**changes: object) -> dict[str, object]:
    """A row of the API, Pakistan's exports of copper cathodes to China in 2023 but for ``changes``."""
    return USUAL | changes


def table(*rows: Mapping[str, object], names: list[str] = NAMES, sign: str = ",", end: str = "\n") -> bytes:
    """A CSV of the API's columns; text with the separator in it is quoted."""

    def cell(value: object) -> str:
        text = str(value)
        return f'"{text}"' if sign in text else text

    lines = [sign.join(names), *(sign.join(cell(one[name]) for name in names) for one in rows)]
    return (end.join(lines) + end).encode()
