import statistics as st
data = [2, 4, 4, 4, 5, 5, 7, 9]
print(st.mean(data), st.median(data), st.mode(data), st.pstdev(data))
print(round(st.stdev(data), 6), st.quantiles(data, n=4), st.harmonic_mean([40, 60]))
print(st.NormalDist(100, 15).cdf(115) > 0.84, st.multimode("aabbc"))
