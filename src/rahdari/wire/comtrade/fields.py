"""The columns of a Comtrade table that are read; there are 30 more."""

from typing import Final

REQUIRED: Final = (
    "refYear",
    "reporterCode",
    "flowCode",
    "partnerCode",
    "classificationCode",
    "cmdCode",
    "primaryValue",
)
OPTIONAL: Final = (
    "typeCode",
    "freqCode",
    "reporterISO",
    "partnerISO",
    "partner2Code",
    "customsCode",
    "motCode",
    "cmdDesc",
    "netWgt",
)
FIELDS: Final = REQUIRED + OPTIONAL
