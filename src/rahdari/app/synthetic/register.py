"""Synthetic people as the register takes them."""

from rahdari.app.synthetic.people import SyntheticPerson
from rahdari.credentials import Biometric, Gender, Person, local_text


def as_person(one: SyntheticPerson) -> Person:
    """Give a synthetic person the form in which the register takes anybody."""
    return Person(
        number=one.number,
        name=local_text(en=one.name_en, ur=one.name_ur),
        guardian=local_text(en=one.guardian_en, ur=one.guardian_ur),
        gender=Gender(one.gender),
        date_of_birth=one.date_of_birth,
        nationality=one.nationality,
        family_number=one.family_number,
        address=local_text(en=one.address_en, ur=one.address_ur),
        permanent_address=local_text(en=one.permanent_address_en, ur=one.permanent_address_ur),
        permanent_region=one.permanent_region,
        country_of_stay=one.country_of_stay,
        passport_number=one.passport_number,
        captured=frozenset(Biometric(each) for each in one.captured),
    )
