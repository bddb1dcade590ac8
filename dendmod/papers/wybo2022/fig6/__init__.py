"""papers/wybo2022/fig6"""
