#!/usr/bin/env python3
"""Writes messages.tsv and descriptors.tsv: the official client's own encoding of every message of the protocol.

    python3 -m venv VENV && VENV/bin/pip install alphagenome==0.10.0
    VENV/bin/python make_messages.py

Every field of every message has a value other than its default; a message with a oneof has a row for each member.
Values are made from field numbers, none comes from the service.
"""

import importlib.metadata
import pathlib
import sys

from alphagenome.protos import atlas_service_pb2, tensor_pb2
from alphagenome.protos.v1 import dna_model_pb2, dna_model_service_pb2

VERSION = importlib.metadata.version("alphagenome")
if VERSION != "0.10.0":
    sys.exit(f"alphagenome is {VERSION}; these files are of 0.10.0")
FILES = [
    module.DESCRIPTOR
    for module in (tensor_pb2, dna_model_pb2, dna_model_service_pb2, atlas_service_pb2)
]
FOLDER = pathlib.Path(__file__).parent


def value(field, depth):
    """Returns a value of a field that is not a message."""
    number = field.number + 16 * depth
    if field.type == field.TYPE_STRING:
        return f"{field.name} {number} \u00e4"
    if field.type == field.TYPE_BYTES:
        return bytes([0, 255, number, 10])
    if field.type == field.TYPE_BOOL:
        return True
    if field.type == field.TYPE_FLOAT:
        return -1.5 - number
    if field.type == field.TYPE_INT64:
        return -(2**40) - number if field.name in ("start", "junction_start") else 2**40 + number
    if field.type == field.TYPE_INT32:
        return 2**20 + number
    if field.type == field.TYPE_ENUM:
        return field.enum_type.values[-1].number
    raise NotImplementedError(field.full_name)


def fill(message, choose=None, depth=0):
    """Sets every field; of each oneof the member `choose`, or the last one."""
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if oneof is not None and len(oneof.fields) > 1:
            wanted = choose if choose in [member.name for member in oneof.fields] else oneof.fields[-1].name
            if field.name != wanted:
                continue
        if field.message_type is not None:
            if field.is_repeated:
                for _ in range(2):
                    fill(getattr(message, field.name).add(), depth=depth + 1)
            else:
                getattr(message, field.name).SetInParent()
                fill(getattr(message, field.name), depth=depth + 1)
        elif field.is_repeated:
            first = value(field, depth)
            getattr(message, field.name).extend([first, first if field.enum_type else first + 1])
        else:
            setattr(message, field.name, value(field, depth))


def rows():
    """Yields message, case and bytes."""
    from google.protobuf import message_factory

    for file in FILES:
        for descriptor in file.message_types_by_name.values():
            make = message_factory.GetMessageClass(descriptor)
            choices = [
                field.name
                for field in descriptor.fields
                if field.containing_oneof is not None and len(field.containing_oneof.fields) > 1
            ]
            for choice in choices or [None]:
                message = make()
                fill(message, choice)
                yield descriptor.full_name, choice or "all", message.SerializeToString(deterministic=True)


def descriptors():
    """Yields one row for each field, enum value and method."""
    for file in FILES:
        for message in file.message_types_by_name.values():
            for field in message.fields:
                kind = field.message_type or field.enum_type
                oneof = field.containing_oneof
                yield (
                    "field", message.full_name, field.name, field.number, field.type,
                    "repeated" if field.is_repeated else "one",
                    "presence" if field.has_presence else "-",
                    kind.full_name if kind else "-",
                    oneof.name if oneof is not None else "-",
                )
        for enum in file.enum_types_by_name.values():
            for entry in enum.values:
                yield ("value", enum.full_name, entry.name, entry.number, "-", "-", "-", "-", "-")
        for service in file.services_by_name.values():
            for method in service.methods:
                yield (
                    "method", service.full_name, method.name, "-", "-",
                    "stream" if method.client_streaming else "one",
                    "stream" if method.server_streaming else "one",
                    method.input_type.full_name, method.output_type.full_name,
                )


def main():
    with open(FOLDER / "messages.tsv", "w", encoding="utf-8") as out:
        out.write("message\tcase\thex\n")
        for name, case, data in rows():
            out.write(f"{name}\t{case}\t{data.hex()}\n")
    with open(FOLDER / "descriptors.tsv", "w", encoding="utf-8") as out:
        out.write("kind\towner\tname\tnumber\ttype\tlabel\tpresence\ttype_name\toneof\n")
        for row in sorted(descriptors(), key=lambda row: tuple(map(str, row))):
            out.write("\t".join(map(str, row)) + "\n")


main()
