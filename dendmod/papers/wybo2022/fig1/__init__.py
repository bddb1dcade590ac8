"""papers/wybo2022/fig1"""
