"""papers/wybo2022/fig4"""
