"""MISP's object templates in STIX: which property of an observable each attribute of an object is (``object_relation`` -> path).

Only relations that STIX has a property for are listed; the object's attributes are all kept as they are beside the observables. A
template without a row becomes ``x-misp-object``. Source: the templates of misp-objects (CC0) and STIX 2.1 part 6.
"""

from tocsin.formats.misp.attribute_types import HASHES, hash_path

_FILE = {
    "filename": "file:name",
    "size-in-bytes": "file:size",
    "mimetype": "file:mime_type",
    "file-encoding": "file:name_enc",
    "path": "file:parent_directory_ref.path",
    **{kind: hash_path("file", name) for kind, name in HASHES.items()},
}

#: Relations of an object -> path. Where a relation is not listed, ``None`` stands for "only in the custom property".
TEMPLATES: dict[str, dict[str, str]] = {
    "file": _FILE,
    "domain-ip": {"domain": "domain-name:value", "ip": "domain-name:resolves_to_refs[*].value"},
    "ip-port": {
        "ip": "network-traffic:dst_ref.value",
        "ip-dst": "network-traffic:dst_ref.value",
        "ip-src": "network-traffic:src_ref.value",
        "dst-port": "network-traffic:dst_port",
        "src-port": "network-traffic:src_port",
        "protocol": "network-traffic:protocols[*]",
    },
    "network-connection": {
        "ip-dst": "network-traffic:dst_ref.value",
        "ip-src": "network-traffic:src_ref.value",
        "dst-port": "network-traffic:dst_port",
        "src-port": "network-traffic:src_port",
        "layer4-protocol": "network-traffic:protocols[*]",
        "layer7-protocol": "network-traffic:protocols[*]",
    },
    "netflow": {
        "ip-dst": "network-traffic:dst_ref.value",
        "ip-src": "network-traffic:src_ref.value",
        "dst-port": "network-traffic:dst_port",
        "src-port": "network-traffic:src_port",
        "protocol": "network-traffic:protocols[*]",
    },
    "http-request": {
        "ip-dst": "network-traffic:dst_ref.value",
        "ip-src": "network-traffic:src_ref.value",
        "method": "network-traffic:extensions.'http-request-ext'.request_method",
        "uri": "network-traffic:extensions.'http-request-ext'.request_value",
        "user-agent": "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
        "content-type": "network-traffic:extensions.'http-request-ext'.request_header.'Content-Type'",
        "referer": "network-traffic:extensions.'http-request-ext'.request_header.'Referer'",
    },
    "email": {
        "from": "email-message:from_ref.value",
        "from-display-name": "email-message:from_ref.display_name",
        "to": "email-message:to_refs[*].value",
        "cc": "email-message:cc_refs[*].value",
        "bcc": "email-message:bcc_refs[*].value",
        "subject": "email-message:subject",
        "message-id": "email-message:message_id",
        "header": "email-message:received_lines[*]",
        "reply-to": "email-message:additional_header_fields.'Reply-To'",
        "x-mailer": "email-message:additional_header_fields.'X-Mailer'",
        "attachment": "email-message:body_multipart[*].body_raw_ref.name",
    },
    "url": {"url": "url:value"},
    "asn": {"asn": "autonomous-system:number", "description": "autonomous-system:name"},
    "mutex": {"name": "mutex:name"},
    "registry-key": {
        "key": "windows-registry-key:key",
        "name": "windows-registry-key:values[*].name",
        "data": "windows-registry-key:values[*].data",
        "data-type": "windows-registry-key:values[*].data_type",
    },
    "user-account": {
        "username": "user-account:account_login",
        "user-id": "user-account:user_id",
        "display-name": "user-account:display_name",
    },
    "credential": {"username": "user-account:account_login"},
    "process": {
        "pid": "process:pid",
        "command-line": "process:command_line",
        "image": "process:image_ref.name",
        "current-directory": "process:cwd",
    },
    "x509": {
        "x509-fingerprint-md5": hash_path("x509-certificate", "MD5"),
        "x509-fingerprint-sha1": hash_path("x509-certificate", "SHA-1"),
        "x509-fingerprint-sha256": hash_path("x509-certificate", "SHA-256"),
        "serial-number": "x509-certificate:serial_number",
        "issuer": "x509-certificate:issuer",
        "subject": "x509-certificate:subject",
        "version": "x509-certificate:version",
    },
}

#: Templates that are a rule in another language: the relation that holds it, and the type of pattern.
RULE_TEMPLATES = {
    "yara": ("yara", "yara"),
    "sigma": ("sigma", "sigma"),
    "suricata": ("suricata", "suricata"),
    "stix2-pattern": ("stix2-pattern", "stix"),
}

#: Templates that are a STIX domain object: the relation that names it.
THING_TEMPLATES = {"vulnerability": ("vulnerability", "id")}
