"""Cyber-observables of STIX 2.1 (§6) as data: property -> kind, required ones, rules, predefined extensions."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tocsin.formats.stix.check import vocabularies as words
from tocsin.formats.stix.check.common import observable
from tocsin.formats.stix.check.found import Found, kind_of, must, should, shown, step
from tocsin.formats.stix.check.kinds import (
    Kind,
    any_of,
    binary,
    boolean,
    dictionary,
    hashes,
    hexadecimal,
    in_order,
    integer,
    ipv4,
    ipv6,
    listed,
    matching,
    number,
    observable_reference,
    one_of,
    structure,
    text,
    timestamp,
    url,
    vocabulary,
    whole_second,
)
from tocsin.formats.stix.check.languages import software_language
from tocsin.formats.stix.check.layout import Layout
from tocsin.formats.stix.check.names import unknown_nested
from tocsin.formats.stix.check.registries import character_sets, flow_elements, is_media_type, protocols

#: Makes the kind of a reference to some types: identifiers, or keys of the container in observed data of old.
Reference = Callable[..., Kind]

_texts = listed(text)
_count = integer(0)
_MEDIA = re.compile(
    r"(?:application|audio|example|font|haptics|image|message|model|multipart|text|video)/[a-zA-Z0-9.+_-]+"
)
_PRIORITY = re.compile(r".+_CLASS", re.DOTALL)
_SOCKET_OPTION = re.compile(r"(?:SO|ICMP|ICMP6|IP|IPV6|MCAST|TCP|IRLMP)(?:_[A-Z0-9]+)+")
_EXIF_TAG = re.compile(r"[A-Z][a-zA-Z0-9_-]{1,249}")
_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,250}")
_CPE_PART = r"(?:(?:\?*+|\*?)(?:[a-zA-Z0-9\-._]|\\[\\*?!\"#$%&'()+,/:;<=>@\[\]^`{|}~\-._])++(?:\?*+|\*?)|[*\-])"
_CPE = rf"cpe:2\.3:[aho*\-](?::{_CPE_PART}){{5}}:(?:[a-zA-Z]{{2,3}}(?:-(?:[a-zA-Z]{{2}}|[0-9]{{3}}))?|[*\-])(?::{_CPE_PART}){{4}}"
_LABEL = r"[^\s./\\:@?#\[\]<>\"']{1,63}"
_domain = matching(rf"(?:{_LABEL}\.)*{_LABEL}\.?", "a domain name")
_mac = matching(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "six pairs of lower-case hexadecimal digits with colons between")
_email = matching(r"(?:\"(?:[^\"\\]|\\.)+\"|[^@\s<>\"]+)@[^@\s<>\"]+", "an e-mail address")


def _domain_name(value: Any) -> Found:
    return _domain(value) or (must("must be a domain name of at most 253 characters") if len(value) > 254 else None)


def media_type(value: Any) -> Found:
    """A media type (RFC 2045); those that IANA does not know are worth a word."""
    if type(value) is not str:
        return must(f"must be text, not {kind_of(value)}")
    return None if is_media_type(value) else should("mime-type", "should be a media type that IANA registers")


def _artifact_media_type(value: Any) -> Found:
    if type(value) is str and not _MEDIA.fullmatch(value):
        return must(f"must be a media type such as text/plain, not {shown(value)}")
    return media_type(value)


def _character_set(value: Any) -> Found:
    if type(value) is str and value in character_sets():
        return None
    return must(f"must be the name of a character set that IANA registers, not {shown(value)}")


def _protocol(value: Any) -> Found:
    if type(value) is not str:
        return must(f"must be text, not {kind_of(value)}")
    return None if value in protocols() else should("protocols", "should be a protocol or service that IANA registers")


def _text_or_number(value: Any) -> Found:
    return None if type(value) in (str, int) else must(f"must be text or a whole number, not {kind_of(value)}")


def _text_or_several(value: Any) -> Found:
    return None if type(value) is str else _texts(value)


def _priority(value: Any) -> Found:
    found = text(value)
    if found is None and not _PRIORITY.fullmatch(value):
        return should("windows-process-priority-format", "should end in _CLASS")
    return found


def _registry_key(value: Any) -> Found:
    found = text(value)
    if found is None and value.partition("\\")[0].lower() in words.SHORT_HIVES:
        return must(f"must have the name of the hive in full, not {shown(value)}")
    return found


def _payload_or_url(value: Mapping[str, Any]) -> Found:
    """An artifact is here, or elsewhere with its hashes; a key needs an algorithm (§6.1)."""
    found = []
    if ("payload_bin" in value) == ("url" in value):
        found += must("must have either payload_bin or url")
    if "url" in value and "hashes" not in value:
        found += must("is missing: what stands elsewhere needs its hashes", ".hashes")
    if "decryption_key" in value and "encryption_algorithm" not in value:
        found += must("must not be there without encryption_algorithm", ".decryption_key")
    return found or None


def _body_as_said(value: Mapping[str, Any]) -> Found:
    """``is_multipart`` says whether the body is text or parts (§6.6)."""
    if value.get("is_multipart") is True and "body" in value:
        return must("must not be there where is_multipart is true", ".body")
    if value.get("is_multipart") is False and "body_multipart" in value:
        return must("must not be there where is_multipart is false", ".body_multipart")
    return None


def _header_fields_are_additional(value: Mapping[str, Any]) -> Found:
    """What has a property of its own is no additional header field (§6.6)."""
    fields = value.get("additional_header_fields")
    known = {
        "date",
        "received_lines",
        "content_type",
        "from_ref",
        "sender_ref",
        "to_refs",
        "cc_refs",
        "bcc_refs",
        "subject",
    }
    twice = sorted(known.intersection(fields)) if isinstance(fields, Mapping) else []
    return must(f"must not hold {', '.join(twice)}", ".additional_header_fields") if twice else None


def _one_body(value: Mapping[str, Any]) -> Found:
    if ("body" in value) == ("body_raw_ref" in value):
        return must("must have either body or body_raw_ref")
    return None


def _traffic_has_not_ended(value: Mapping[str, Any]) -> Found:
    if value.get("is_active") is True and "end" in value:
        return must("must not be there where is_active is true", ".end")
    return None


def _has_ports(value: Mapping[str, Any]) -> Found:
    if "src_port" in value and "dst_port" in value:
        return None
    return should("network-traffic-ports", "should have src_port and dst_port")


def _flow_elements_are_known(value: Mapping[str, Any]) -> Found:
    elements = value.get("ipfix")
    unknown = [name for name in elements if name not in flow_elements()] if isinstance(elements, Mapping) else []
    return [
        p for name in unknown for p in should("ipfix", "is no element that IANA registers", f".ipfix{step(name)}")
    ] or None


def _keys_among(check: str, known: frozenset[str], said: str) -> Callable[[Any], Found]:
    def judge(value: Any) -> Found:
        if not isinstance(value, Mapping):
            return None
        return [p for key in value if key not in known for p in should(check, f"is not {said}", step(key))] or None

    return judge


def _both(first: Kind, second: Kind) -> Kind:
    def check(value: Any) -> Found:
        return first(value) or second(value)

    return check


def _nothing(value: Any) -> Found:
    return None if value is None else must(f"must be null, not {shown(value)}")


def _not_in_startup_info(_: str, __: Any) -> Found:
    return must("is no member of STARTUPINFO")


_startup_info = structure(
    {
        **dict.fromkeys(words.STARTUP_TEXTS, text),
        **dict.fromkeys(words.STARTUP_NUMBERS, integer()),
        "lpReserved": _nothing,
        "lpReserved2": _nothing,
        "cbReserved2": integer(0, 0),
    },
    unknown=_not_in_startup_info,
)


def _some(properties: Mapping[str, Kind], *needed: str) -> Kind:
    """A predefined structure of which at least one property is there."""
    return structure(properties, needed, [any_of(*properties)], unknown=unknown_nested)


_HEADER_PROPERTIES: dict[str, Kind] = {
    **{f"{name}_hex": hexadecimal for name in words.HEADER_HEXES},
    **{f"size_of_{name}": _count for name in words.HEADER_SIZES},
    **dict.fromkeys(words.HEADER_NUMBERS, integer()),
    "hashes": hashes,
}
_PE_PROPERTIES: dict[str, Kind] = {
    "imphash": text,
    "machine_hex": hexadecimal,
    "number_of_sections": _count,
    "time_date_stamp": whole_second,
    "pointer_to_symbol_table_hex": hexadecimal,
    "number_of_symbols": _count,
    "size_of_optional_header": _count,
    "characteristics_hex": hexadecimal,
    "file_header_hashes": hashes,
    "optional_header": _some(_HEADER_PROPERTIES),
    "sections": listed(
        structure(
            {"name": text, "size": _count, "entropy": number(), "hashes": hashes}, ["name"], unknown=unknown_nested
        )
    ),
}
_PDF: dict[str, Kind] = {
    "version": text,
    "is_optimized": boolean,
    "document_info_dict": _both(
        dictionary(text), _keys_among("pdf-doc-info", words.PDF_INFO, "a key of the document information of PDF")
    ),
    "pdfid0": text,
    "pdfid1": text,
}
_RASTER: dict[str, Kind] = {
    "image_height": integer(),
    "image_width": integer(),
    "bits_per_pixel": integer(),
    "exif_tags": dictionary(_text_or_number, _EXIF_TAG, "a capital letter and then a-z, A-Z, 0-9, _ and -"),
}
_NTFS: dict[str, Kind] = {
    "sid": text,
    "alternate_data_streams": listed(
        structure({"name": text, "hashes": hashes, "size": _count}, ["name"], unknown=unknown_nested)
    ),
}
_WINDOWS_PROCESS: dict[str, Kind] = {
    "aslr_enabled": boolean,
    "dep_enabled": boolean,
    "priority": _priority,
    "owner_sid": text,
    "window_title": text,
    "startup_info": _startup_info,
    "integrity_level": one_of(*words.INTEGRITY_LEVELS),
}
_UNIX: dict[str, Kind] = {"gid": number(), "groups": _texts, "home_dir": text, "shell": text}
_TCP: dict[str, Kind] = {"src_flags_hex": hexadecimal, "dst_flags_hex": hexadecimal}
_CERTIFICATE_EXTENSIONS: dict[str, Kind] = {
    **dict.fromkeys(words.CERTIFICATE_EXTENSIONS, text),
    "private_key_usage_period_not_before": timestamp,
    "private_key_usage_period_not_after": timestamp,
}


def _services(ref: Reference) -> dict[str, Kind]:
    return {
        "service_name": text,
        "descriptions": _texts,
        "display_name": text,
        "group_name": text,
        "start_type": one_of(*words.SERVICE_STARTS),
        "service_dll_refs": listed(ref("file")),
        "service_type": one_of(*words.SERVICE_TYPES),
        "service_status": one_of(*words.SERVICE_STATES),
    }


def _traffic_extensions(ref: Reference) -> dict[str, Kind]:
    return {
        "http-request-ext": structure(
            {
                "request_method": text,
                "request_value": text,
                "request_version": text,
                "request_header": _both(
                    dictionary(_texts, _HEADER, "the signs of a header's name"),
                    _keys_among("http-request-headers", words.REQUEST_HEADERS, "a header of requests"),
                ),
                "message_body_length": integer(),
                "message_body_data_ref": ref("artifact"),
            },
            ["request_method", "request_value"],
            unknown=unknown_nested,
        ),
        "icmp-ext": structure(
            {"icmp_type_hex": hexadecimal, "icmp_code_hex": hexadecimal},
            ["icmp_type_hex", "icmp_code_hex"],
            unknown=unknown_nested,
        ),
        "socket-ext": structure(
            {
                "address_family": one_of(*words.ADDRESS_FAMILIES),
                "is_blocking": boolean,
                "is_listening": boolean,
                "options": _both(
                    dictionary(integer(), _SOCKET_OPTION, "SO_…, IP_…, IPV6_…, TCP_… or another name of an option"),
                    _keys_among("socket-options", words.SOCKET_OPTIONS, "a known option of sockets"),
                ),
                "socket_type": one_of(*words.SOCKET_TYPES),
                "socket_descriptor": _count,
                "socket_handle": integer(),
            },
            ["address_family"],
            unknown=unknown_nested,
        ),
        "tcp-ext": _some(_TCP),
    }


def _files(ref: Reference) -> dict[str, Layout]:
    times: dict[str, Kind] = {"ctime": timestamp, "mtime": timestamp, "atime": timestamp}
    extensions = {
        "archive-ext": structure(
            {"contains_refs": listed(ref("file", "directory")), "comment": text},
            ["contains_refs"],
            unknown=unknown_nested,
        ),
        "ntfs-ext": _some(_NTFS),
        "pdf-ext": _some(_PDF),
        "raster-image-ext": _some(_RASTER),
        "windows-pebinary-ext": structure(
            {**_PE_PROPERTIES, "pe_type": vocabulary("windows-pebinary-type", words.PEBINARY_TYPES, has_format=False)},
            ["pe_type"],
            [any_of(*_PE_PROPERTIES)],
            unknown=unknown_nested,
        ),
    }
    return {
        "artifact": observable(
            {
                "mime_type": _artifact_media_type,
                "payload_bin": binary,
                "url": url,
                "hashes": hashes,
                "encryption_algorithm": one_of(*words.ENCRYPTION_ALGORITHMS),
                "decryption_key": text,
            },
            "",
            _payload_or_url,
        ),
        "directory": observable(
            {**times, "path": text, "path_enc": _character_set, "contains_refs": listed(ref("file", "directory"))},
            "path",
        ),
        "file": observable(
            {
                **times,
                "hashes": hashes,
                "size": _count,
                "name": text,
                "name_enc": _character_set,
                "magic_number_hex": hexadecimal,
                "mime_type": media_type,
                "parent_directory_ref": ref("directory"),
                "contains_refs": listed(ref(*words.OBSERVABLES)),
                "content_ref": ref("artifact"),
            },
            "",
            any_of("hashes", "name"),
            predefined=extensions,
        ),
    }


def _names_and_addresses(ref: Reference) -> dict[str, Layout]:
    address = {"resolves_to_refs": listed(ref("mac-addr")), "belongs_to_refs": listed(ref("autonomous-system"))}
    return {
        "autonomous-system": observable({"number": integer(), "name": text, "rir": text}, "number"),
        "domain-name": observable(
            {"value": _domain_name, "resolves_to_refs": listed(ref("ipv4-addr", "ipv6-addr", "domain-name"))}, "value"
        ),
        "email-addr": observable(
            {"value": _email, "display_name": text, "belongs_to_ref": ref("user-account")}, "value"
        ),
        "ipv4-addr": observable({"value": ipv4, **address}, "value"),
        "ipv6-addr": observable({"value": ipv6, **address}, "value"),
        "mac-addr": observable({"value": _mac}, "value"),
        "url": observable({"value": url}, "value"),
    }


def _messages_and_traffic(ref: Reference) -> dict[str, Layout]:
    part = structure(
        {"body": text, "body_raw_ref": ref("artifact", "file"), "content_type": text, "content_disposition": text},
        rules=[_one_body],
        unknown=unknown_nested,
    )
    ends = ref("ipv4-addr", "ipv6-addr", "mac-addr", "domain-name")
    return {
        "email-message": observable(
            {
                "is_multipart": boolean,
                "date": timestamp,
                "content_type": text,
                "from_ref": ref("email-addr"),
                "sender_ref": ref("email-addr"),
                **{f"{who}_refs": listed(ref("email-addr")) for who in ("to", "cc", "bcc")},
                "message_id": text,
                "subject": text,
                "received_lines": _texts,
                "additional_header_fields": dictionary(_text_or_several),
                "body": text,
                "body_multipart": listed(part),
                "raw_email_ref": ref("artifact"),
            },
            "is_multipart",
            _body_as_said,
            _header_fields_are_additional,
        ),
        "network-traffic": observable(
            {
                "start": timestamp,
                "end": timestamp,
                "is_active": boolean,
                "src_ref": ends,
                "dst_ref": ends,
                "src_port": integer(0, 65535),
                "dst_port": integer(0, 65535),
                "protocols": listed(_protocol),
                "src_byte_count": _count,
                "dst_byte_count": _count,
                "src_packets": _count,
                "dst_packets": _count,
                "ipfix": dictionary(_text_or_number),
                "src_payload_ref": ref("artifact"),
                "dst_payload_ref": ref("artifact"),
                "encapsulates_refs": listed(ref("network-traffic")),
                "encapsulated_by_ref": ref("network-traffic"),
            },
            "protocols",
            any_of("src_ref", "dst_ref"),
            _traffic_has_not_ended,
            in_order("start", "end"),
            _has_ports,
            _flow_elements_are_known,
            predefined=_traffic_extensions(ref),
        ),
    }


def _things_of_systems(ref: Reference) -> dict[str, Layout]:
    process: dict[str, Kind] = {
        "is_hidden": boolean,
        "pid": integer(),
        "created_time": timestamp,
        "cwd": text,
        "command_line": text,
        "environment_variables": dictionary(),
        "opened_connection_refs": listed(ref("network-traffic")),
        "creator_user_ref": ref("user-account"),
        "image_ref": ref("file"),
        "parent_ref": ref("process"),
        "child_refs": listed(ref("process")),
    }
    account: dict[str, Kind] = {
        **dict.fromkeys(words.ACCOUNT_TEXTS, text),
        "account_type": vocabulary("account-type", words.ACCOUNT_TYPES, has_format=False),
        **dict.fromkeys(words.ACCOUNT_FLAGS, boolean),
        **dict.fromkeys(words.ACCOUNT_TIMES, timestamp),
    }
    key: dict[str, Kind] = {
        "key": _registry_key,
        "values": listed(
            _some({"name": text, "data": text, "data_type": one_of(*words.REGISTRY_TYPES)}),
        ),
        "modified_time": timestamp,
        "creator_user_ref": ref("user-account"),
        "number_of_subkeys": integer(),
    }
    certificate: dict[str, Kind] = {
        "is_self_signed": boolean,
        "hashes": hashes,
        **dict.fromkeys(words.CERTIFICATE_TEXTS, text),
        "subject_public_key_exponent": integer(),
        "validity_not_before": timestamp,
        "validity_not_after": timestamp,
        "x509_v3_extensions": _some(_CERTIFICATE_EXTENSIONS),
    }
    return {
        "mutex": observable({"name": text}, "name"),
        "process": observable(
            process,
            "",
            any_of(*process, "extensions"),
            predefined={
                "windows-process-ext": _some(_WINDOWS_PROCESS),
                "windows-service-ext": _some(_services(ref)),
            },
        ),
        "software": observable(
            {
                "name": text,
                "cpe": matching(_CPE, "a CPE 2.3 formatted string"),
                "swid": text,
                "languages": listed(software_language),
                "vendor": text,
                "version": text,
            },
            "name",
        ),
        "user-account": observable(
            account, "", any_of(*account, "extensions"), predefined={"unix-account-ext": _some(_UNIX)}
        ),
        "windows-registry-key": observable(key, "", any_of(*key)),
        "x509-certificate": observable(certificate, "", any_of(*certificate)),
    }


def _layouts(ref: Reference) -> dict[str, Layout]:
    return {
        **_files(ref),
        **_names_and_addresses(ref),
        **_messages_and_traffic(ref),
        **_things_of_systems(ref),
    }


def _by_key(*_: str) -> Kind:
    return text


LAYOUTS = _layouts(observable_reference)
#: The same inside ``objects`` of observed data, where references are keys of that container.
CONTAINED = _layouts(_by_key)
