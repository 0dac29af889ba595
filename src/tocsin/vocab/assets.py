"""What exactly is affected: the asset that an observation names and that a finding is about."""

#: RSIT classes whose fault is a service that answers on a port: the same machine may have several, fixed one by one.
_SERVICE_CLASSES = frozenset({"vulnerable"})

#: RSIT classes and types whose fault is a site: one address may serve many names that belong to different people.
_HOST_CLASSES = frozenset({"fraud", "abusive-content"})
_HOST_TYPES = frozenset({"malicious-code/malware-distribution", "intrusions/application-compromise"})


def asset_of(
    classification: str,
    ip: str | None,
    protocol: str | None = None,
    port: int | None = None,
    host: str | None = None,
    network: str | None = None,
) -> str | None:
    """The asset as text: an address, ``address:port/protocol``, a host name, or a network where nothing finer is known.

    ``vulnerable/*`` is about a service, so that port 23 and port 3389 of one machine are two assets; fraud, abusive
    content, malware distribution and compromised web applications are about a host name; everything else is about a
    machine, whatever (often short-lived) port it used. Each falls back to what is known; ``None`` where nothing is.
    Inputs are canonical texts.
    """
    group = classification.partition("/")[0]
    if host and (ip is None or group in _HOST_CLASSES or classification in _HOST_TYPES):
        return host
    if ip is None:
        return network
    if group in _SERVICE_CLASSES and port is not None:
        shown = f"[{ip}]" if ":" in ip else ip
        return f"{shown}:{port}/{protocol or 'tcp'}"
    return ip
