def answer():
    import psycopg2
    from psycopg2 import extensions as e

    try:
        psycopg2.connect("host=127.0.0.1 port=1 connect_timeout=2 dbname=none")
        refused = False
    except psycopg2.OperationalError:  # libpq looked, and nobody is there
        refused = True
    return [e.parse_dsn("postgresql://me@example.org:5433/db?sslmode=require"),
            e.make_dsn(host="h", dbname="d"), e.adapt("it's").getquoted().decode(),
            e.Binary(b"\x00\xff").getquoted().decode()[:3], refused,
            e.libpq_version() > 90000, psycopg2.Date(2026, 1, 31).getquoted().decode()]
