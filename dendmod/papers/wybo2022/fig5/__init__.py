"""papers/wybo2022/fig5"""
