"""papers/wybo2022"""
