import cyc_a
saw = (cyc_a.started, hasattr(cyc_a, "done"))
try:
    from cyc_a import done
except ImportError as e:
    print(str(e).split(" (")[0])
