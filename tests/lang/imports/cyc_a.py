started = True
import cyc_b
b_saw = cyc_b.saw
done = True
