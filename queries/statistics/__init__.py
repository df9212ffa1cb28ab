"""Fair comparison and early warning: pure statistics over frames and arrays, with no database and no page.

proportion · survival · process · funnel · decomposition · xray · forecast · silence · findings.
"""
