"""Open vocabularies (STIX 2.1 §10) and other closed lists of words, as plain data."""


def _words(text: str) -> tuple[str, ...]:
    """Words as a tuple: the lists are long, and read better without a sea of quotation marks."""
    return tuple(text.split())


ACCOUNT_TYPES = _words("facebook ldap nis openid radius skype tacacs twitter unix windows-local windows-domain kavi")
ATTACK_MOTIVATIONS = _words(
    "accidental coercion dominance ideology notoriety organizational-gain personal-gain personal-satisfaction revenge unpredictable"
)
RESOURCE_LEVELS = _words("individual club contest team organization government")
GROUPING_CONTEXTS = _words("suspicious-activity malware-analysis unspecified")
HASH_ALGORITHMS = _words("MD5 SHA-1 SHA-256 SHA-512 SHA3-256 SHA3-512 SSDEEP TLSH")
IDENTITY_CLASSES = _words("individual group system organization class unknown")
IMPLEMENTATION_LANGUAGES = _words(
    "applescript bash c c++ c# go java javascript lua objective-c perl php powershell python ruby scala swift typescript "
    "visual-basic x86-32 x86-64"
)
INDICATOR_TYPES = _words("anomalous-activity anonymization benign compromised malicious-activity attribution unknown")
SECTORS = _words(
    "agriculture aerospace automotive chemical commercial communications construction defense education energy entertainment "
    "financial-services government emergency-services government-local government-national government-public-services "
    "government-regional healthcare hospitality-leisure infrastructure dams nuclear water insurance manufacturing mining "
    "non-profit pharmaceuticals retail technology telecommunications transportation utilities"
)
INFRASTRUCTURE_TYPES = _words(
    "amplification anonymization botnet command-and-control control-system exfiltration firewall hosting-malware "
    "hosting-target-lists phishing reconnaissance routers-switches staging workstation unknown"
)
MALWARE_CAPABILITIES = _words(
    "accesses-remote-machines anti-debugging anti-disassembly anti-emulation anti-memory-forensics anti-sandbox anti-vm "
    "captures-input-peripherals captures-output-peripherals captures-system-state-data cleans-traces-of-infection commits-fraud "
    "communicates-with-c2 compromises-data-availability compromises-data-integrity compromises-system-availability "
    "controls-local-machine degrades-security-software degrades-system-updates determines-c2-server emails-spam "
    "escalates-privileges evades-av exfiltrates-data fingerprints-host hides-artifacts hides-executing-code infects-files "
    "infects-remote-machines installs-other-components persists-after-system-reboot prevents-artifact-access "
    "prevents-artifact-deletion probes-network-environment self-modifies steals-authentication-credentials "
    "violates-system-operational-integrity"
)
MALWARE_RESULTS = _words("malicious suspicious benign unknown")
MALWARE_TYPES = _words(
    "adware backdoor bot bootkit ddos downloader dropper exploit-kit keylogger ransomware remote-access-trojan "
    "resource-exploitation rogue-security-software rootkit screen-capture spyware trojan unknown virus webshell wiper worm"
)
OPINIONS = _words("strongly-disagree disagree neutral agree strongly-agree")
PATTERN_TYPES = _words("stix pcre sigma snort suricata yara")
PROCESSORS = _words("alpha arm ia-64 mips powerpc sparc x86 x86-64")
REGIONS = _words(
    "africa eastern-africa middle-africa northern-africa southern-africa western-africa americas latin-america-caribbean "
    "south-america caribbean central-america northern-america asia central-asia eastern-asia southern-asia south-eastern-asia "
    "western-asia europe eastern-europe northern-europe southern-europe western-europe oceania australia-new-zealand melanesia "
    "micronesia polynesia antarctica"
)
REPORT_TYPES = _words(
    "threat-report attack-pattern campaign identity indicator intrusion-set malware observed-data threat-actor tool vulnerability"
)
ACTOR_TYPES = _words(
    "activist competitor crime-syndicate criminal hacker insider-accidental insider-disgruntled nation-state sensationalist spy "
    "terrorist unknown"
)
ACTOR_ROLES = _words(
    "agent director independent infrastructure-architect infrastructure-operator malware-author sponsor"
)
SOPHISTICATIONS = _words("none minimal intermediate advanced expert innovator strategic")
TOOL_TYPES = _words(
    "denial-of-service exploitation information-gathering network-capture credential-exploitation remote-access "
    "vulnerability-scanning unknown"
)
PEBINARY_TYPES = _words("exe dll sys")

EXTENSION_TYPES = _words("new-sdo new-sco new-sro property-extension toplevel-property-extension")
ENCRYPTION_ALGORITHMS = _words("AES-256-GCM ChaCha20-Poly1305 mime-type-indicated")
ADDRESS_FAMILIES = _words("AF_UNSPEC AF_INET AF_IPX AF_APPLETALK AF_NETBIOS AF_INET6 AF_IRDA AF_BTH")
SOCKET_TYPES = _words("SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET")
INTEGRITY_LEVELS = _words("low medium high system")
SERVICE_STARTS = _words(
    "SERVICE_AUTO_START SERVICE_BOOT_START SERVICE_DEMAND_START SERVICE_DISABLED SERVICE_SYSTEM_ALERT"
)
SERVICE_TYPES = _words(
    "SERVICE_KERNEL_DRIVER SERVICE_FILE_SYSTEM_DRIVER SERVICE_WIN32_OWN_PROCESS SERVICE_WIN32_SHARE_PROCESS"
)
SERVICE_STATES = _words(
    "SERVICE_CONTINUE_PENDING SERVICE_PAUSE_PENDING SERVICE_PAUSED SERVICE_RUNNING SERVICE_START_PENDING SERVICE_STOP_PENDING "
    "SERVICE_STOPPED"
)
REGISTRY_TYPES = _words(
    "REG_NONE REG_SZ REG_EXPAND_SZ REG_BINARY REG_DWORD REG_DWORD_BIG_ENDIAN REG_DWORD_LITTLE_ENDIAN REG_LINK REG_MULTI_SZ "
    "REG_RESOURCE_LIST REG_FULL_RESOURCE_DESCRIPTION REG_RESOURCE_REQUIREMENTS_LIST REG_QWORD REG_INVALID_TYPE"
)
STARTUP_TEXTS = _words("lpDesktop lpTitle dwFillAttribute dwFlags wShowWindow hStdInput hStdOutput hStdError")
STARTUP_NUMBERS = _words("cb dwX dwY dwXSize dwYSize dwXCountChars dwYCountChars")
HEADER_HEXES = _words("magic win32_version_value checksum subsystem dll_characteristics loader_flags")
HEADER_SIZES = _words(
    "code initialized_data uninitialized_data image headers stack_reserve stack_commit heap_reserve heap_commit"
)
HEADER_NUMBERS = _words(
    "major_linker_version minor_linker_version address_of_entry_point base_of_code base_of_data image_base section_alignment "
    "file_alignment major_os_version minor_os_version major_image_version minor_image_version major_subsystem_version "
    "minor_subsystem_version number_of_rva_and_sizes"
)
CERTIFICATE_TEXTS = _words(
    "version serial_number signature_algorithm issuer subject subject_public_key_algorithm subject_public_key_modulus"
)
CERTIFICATE_EXTENSIONS = _words(
    "basic_constraints name_constraints policy_constraints key_usage extended_key_usage subject_key_identifier "
    "authority_key_identifier subject_alternative_name issuer_alternative_name subject_directory_attributes "
    "crl_distribution_points inhibit_any_policy certificate_policies policy_mappings"
)
ACCOUNT_TEXTS = _words("user_id credential account_login display_name")
ACCOUNT_FLAGS = _words("is_service_account is_privileged can_escalate_privs is_disabled")
ACCOUNT_TIMES = _words("account_created account_expires credential_last_changed account_first_login account_last_login")
#: Roots of the Windows registry as they must not be written (§6.17: no abbreviated hives).
SHORT_HIVES = frozenset({"hklm", "hkcc", "hkcr", "hkcu", "hku"})

DOMAIN_OBJECTS = _words(
    "attack-pattern campaign course-of-action grouping identity incident indicator infrastructure intrusion-set location malware "
    "malware-analysis note observed-data opinion report threat-actor tool vulnerability"
)
OBSERVABLES = _words(
    "artifact autonomous-system directory domain-name email-addr email-message file ipv4-addr ipv6-addr mac-addr mutex "
    "network-traffic process software url user-account windows-registry-key x509-certificate"
)
RELATIONSHIP_OBJECTS = _words("relationship sighting")
META_OBJECTS = _words("extension-definition language-content marking-definition")
#: What no relationship may join and no sighting may be of (§5).
NOT_JOINED = (*RELATIONSHIP_OBJECTS, "bundle", "marking-definition", "language-content")
#: Names that the specification keeps for itself (§3.1, §11).
RESERVED_PROPERTIES = frozenset({"severity", "action", "username", "phone_numbers"})

PDF_INFO = frozenset(_words("Title Author Subject Keywords Creator Producer CreationDate ModDate Trapped"))
REQUEST_HEADERS = frozenset(
    _words(
        "A-IM Accept Accept-Charset Accept-Datetime Accept-Encoding Accept-Language Access-Control-Request-Headers "
        "Access-Control-Request-Method Authorization Cache-Control Connection Content-Encoding Content-Language Content-Length "
        "Content-MD5 Content-Type Cookie DNT Date Expect Forwarded From Front-End-Https HTTP2-Settings Host If-Match "
        "If-Modified-Since If-None-Match If-Range If-Unmodified-Since Keep-Alive Max-Forwards Origin Pragma Prefer "
        "Proxy-Authorization Proxy-Connection Range Referer Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User TE "
        "Trailer Transfer-Encoding Upgrade Upgrade-Insecure-Requests User-Agent Via Warning X-ATT-DeviceId X-Correlation-ID "
        "X-Csrf-Token X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Http-Method-Override X-Request-ID X-Requested-With "
        "X-UIDH X-Wap-Profile"
    )
)
#: Options of sockets, as the headers of Linux, the BSDs and Windows name them, by their first word.
SOCKET_OPTIONS = frozenset(
    f"{first}_{name}"
    for first, names in {
        "ICMP6": _words("FILTER"),
        "IP": _words(
            "ADD_MEMBERSHIP ADD_SOURCE_MEMBERSHIP BIND_ADDRESS_NO_PORT BLOCK_SOURCE DONTFRAGMENT DROP_MEMBERSHIP "
            "DROP_SOURCE_MEMBERSHIP FREEBIND HDRINCL MSFILTER MTU MTU_DISCOVER MULTICAST_ALL MULTICAST_IF MULTICAST_LOOP "
            "MULTICAST_TTL NODEFRAG OPTIONS ORIGINAL_ARRIVAL_IF PKTINFO RECEIVE_BROADCAST RECVDSTADDR RECVERR RECVIF RECVOPTS "
            "RECVORIGDSTADDR RECVTOS RECVTTL RETOPTS ROUTER_ALERT TOS TRANSPARENT TTL UNBLOCK_SOURCE UNICAST_IF "
            "WFP_REDIRECT_CONTEXT WFP_REDIRECT_RECORDS"
        ),
        "IPV6": _words(
            "ADDR_PREFERENCES ADD_MEMBERSHIP AUTOFLOWLABEL CHECKSUM DONTFRAG DROP_MEMBERSHIP DSTOPTS FREEBIND HDRINCL "
            "HOPLIMIT HOPOPTS JOIN_GROUP LEAVE_GROUP MTU MTU_DISCOVER MULTICAST_HOPS MULTICAST_IF MULTICAST_LOOP NEXTHOP "
            "PATHMTU PKTINFO PROTECTION_LEVEL RECVDSTOPTS RECVERR RECVHOPLIMIT RECVHOPOPTS RECVIF RECVPATHMTU RECVPKTINFO "
            "RECVRTHDR RECVTCLASS RTHDR TCLASS TRANSPARENT UNICAST_HOPS UNICAST_IF USE_MIN_MTU V6ONLY"
        ),
        "IRLMP": _words(
            "9WIRE_MODE DISCOVERY_MODE ENUMDEVICES EXCLUSIVE_MODE IAS_QUERY IAS_SET IRLPT_MODE PARAMETERS SEND_PDU_LEN "
            "SHARP_MODE TINYTP_MODE"
        ),
        "MCAST": _words("BLOCK_SOURCE JOIN_GROUP JOIN_SOURCE_GROUP LEAVE_GROUP LEAVE_SOURCE_GROUP UNBLOCK_SOURCE"),
        "SO": _words(
            "ACCEPTCONN ATTACH_BPF ATTACH_FILTER ATTACH_REUSEPORT_CBPF BINDTODEVICE BROADCAST BSDCOMPAT BSP_STATE BUSY_POLL "
            "BUSY_POLL_BUDGET CONDITIONAL_ACCEPT CONFIRM_NAME CONNDATA CONNDATALEN CONNECT_TIME CONNOPT CONNOPTLEN COOKIE "
            "DEBUG DEREGISTER_NAME DETACH_BPF DETACH_FILTER DISCDATA DISCDATALEN DISCOPT DISCOPTLEN DOMAIN DONTLINGER "
            "DONTROUTE ERROR EXCLUSIVEADDRUSE GETLOCALZONES GETMYZONE GETNETINFO GETZONELIST GROUP_ID GROUP_PRIORITY "
            "INCOMING_CPU INCOMING_NAPI_ID KEEPALIVE LINGER LOCK_FILTER LOOKUP_MYZONE LOOKUP_NAME LOOKUP_NETDEF_ON_ADAPTER "
            "LOOKUP_ZONES LOOKUP_ZONES_ON_ADAPTER MARK MAXDG MAXPATHDG MAX_MSG_SIZE MEMINFO NO_CHECK OOBINLINE OPENTYPE "
            "PAP_GET_SERVER_STATUS PAP_PRIME_READ PAP_SET_SERVER_STATUS PASSCRED PASSSEC PAUSE_ACCEPT PEEK_OFF PEERCRED "
            "PEERGROUPS PORT_SCALABILITY PREFER_BUSY_POLL PRIORITY PROTOCOL PROTOCOL_INFO PROTOCOL_INFOA PROTOCOL_INFOW "
            "RANDOMIZE_PORT RCVBUF RCVBUFFORCE RCVLOWAT RCVTIMEO REGISTER_NAME REMOVE_NAME REUSEADDR REUSEPORT "
            "REUSE_MULTICASTPORT REUSE_UNICASTPORT RXQ_OVFL SELECT_ERR_QUEUE SNDBUF SNDBUFFORCE SNDLOWAT SNDTIMEO TIMESTAMP "
            "TIMESTAMPING TIMESTAMPNS TXTIME TYPE UPDATE_ACCEPT_CONTEXT UPDATE_CONNECT_CONTEXT USELOOPBACK ZEROCOPY"
        ),
        "TCP": _words(
            "BSDURGENT CONGESTION CORK DEFER_ACCEPT EXPEDITED_1122 FASTOPEN FASTOPEN_CONNECT INFO KEEPALIVE KEEPCNT KEEPIDLE "
            "KEEPINTVL LINGER2 MAXRT MAXSEG MD5SIG NODELAY NOPUSH NOTSENT_LOWAT QUICKACK REPAIR SYNCNT THIN_LINEAR_TIMEOUTS "
            "TIMESTAMPS ULP USER_TIMEOUT WINDOW_CLAMP"
        ),
    }.items()
    for name in names
)
#: ISO 3166-1 alpha-2, with the codes it reserves for special use (AC, EU, UK …) and the ones it withdrew.
COUNTRIES = frozenset(
    _words(
        "AC AD AE AF AG AI AL AM AN AO AP AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BU BV BW BX BY "
        "BZ CA CC CD CF CG CH CI CK CL CM CN CO CP CR CS CT CU CV CW CX CY CZ DD DE DG DJ DK DM DO DY DZ EA EC EE EF EG EH EM EP ER "
        "ES ET EU EV EW EZ FI FJ FK FL FM FO FQ FR FX GA GB GC GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU "
        "HV IB IC ID IE IL IM IN IO IQ IR IS IT JA JE JM JO JP JT KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LF LI LK LR LS LT LU LV "
        "LY MA MC MD ME MF MG MH MI MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NH NI NL NO NP NQ NR NT NU NZ OA "
        "OM PA PC PE PF PG PH PI PK PL PM PN PR PS PT PU PW PY PZ QA RA RB RC RE RH RI RL RM RN RO RP RS RU RW SA SB SC SD SE SF SG "
        "SH SI SJ SK SL SM SN SO SR SS ST SU SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TP TR TT TV TW TZ UA UG UK UM UN US UY "
        "UZ VA VC VD VE VG VI VN VU WF WG WK WL WO WS WV YD YE YT YU YV ZA ZM ZR ZW"
    )
)

#: Relationship type -> what it suggests (§4 and §6, "Relationships" of each object), by the type of the source.
RELATIONSHIPS: dict[str, dict[str, frozenset[str]]] = {
    source: {name: frozenset(targets.split()) for name, targets in named.items()}
    for source, named in {
        "attack-pattern": {
            "delivers": "malware",
            "targets": "identity location vulnerability",
            "uses": "malware tool",
        },
        "campaign": {
            "attributed-to": "intrusion-set threat-actor",
            "compromises": "infrastructure",
            "originates-from": "location",
            "targets": "identity location vulnerability",
            "uses": "attack-pattern infrastructure malware tool",
        },
        "course-of-action": {
            "investigates": "indicator",
            "mitigates": "attack-pattern indicator malware tool vulnerability",
            "remediates": "malware vulnerability",
        },
        "domain-name": {"resolves-to": "domain-name ipv4-addr ipv6-addr"},
        "identity": {"located-at": "location"},
        "indicator": {
            "based-on": "observed-data",
            "indicates": "attack-pattern campaign infrastructure intrusion-set malware threat-actor tool",
        },
        "infrastructure": {
            "communicates-with": "infrastructure ipv4-addr ipv6-addr domain-name url",
            "consists-of": "infrastructure observed-data " + " ".join(OBSERVABLES),
            "controls": "infrastructure malware",
            "delivers": "malware",
            "has": "vulnerability",
            "hosts": "tool malware",
            "located-at": "location",
            "uses": "infrastructure",
        },
        "intrusion-set": {
            "attributed-to": "threat-actor",
            "compromises": "infrastructure",
            "hosts": "infrastructure",
            "originates-from": "location",
            "owns": "infrastructure",
            "targets": "identity location vulnerability",
            "uses": "attack-pattern infrastructure malware tool",
        },
        "ipv4-addr": {"belongs-to": "autonomous-system", "resolves-to": "mac-addr"},
        "ipv6-addr": {"belongs-to": "autonomous-system", "resolves-to": "mac-addr"},
        "malware": {
            "authored-by": "threat-actor intrusion-set",
            "beacons-to": "infrastructure",
            "communicates-with": "ipv4-addr ipv6-addr domain-name url",
            "controls": "malware",
            "downloads": "malware tool file",
            "drops": "malware tool file",
            "exfiltrates-to": "infrastructure",
            "exploits": "vulnerability",
            "originates-from": "location",
            "targets": "identity infrastructure location vulnerability",
            "uses": "attack-pattern infrastructure malware tool",
            "variant-of": "malware",
        },
        "malware-analysis": {
            "analysis-of": "malware",
            "characterizes": "malware",
            "dynamic-analysis-of": "malware",
            "static-analysis-of": "malware",
        },
        "threat-actor": {
            "attributed-to": "identity",
            "compromises": "infrastructure",
            "hosts": "infrastructure",
            "impersonates": "identity",
            "located-at": "location",
            "owns": "infrastructure",
            "targets": "identity location vulnerability",
            "uses": "attack-pattern infrastructure malware tool",
        },
        "tool": {
            "delivers": "malware",
            "drops": "malware",
            "has": "vulnerability",
            "targets": "identity infrastructure location vulnerability",
            "uses": "infrastructure",
        },
    }.items()
}
#: Relationship types of every object (§4, §5.1).
COMMON_RELATIONSHIPS = frozenset({"derived-from", "duplicate-of", "related-to"})
