"""Takes syslog, by RFC 5424, by RFC 3164, and as devices write it that know neither."""
