// A budget tells somebody; it stops nothing. What bounds the cost is the number of workers.

param token string

@description('Per month, in the currency of the subscription.')
@minValue(1)
param amount int

@description('First day of a month, such as 2026-01-01. A budget keeps the one it was made with.')
param startDate string

param email string

var thresholds = [
  { name: 'actual-80', threshold: 80, type: 'Actual' }
  { name: 'actual-100', threshold: 100, type: 'Actual' }
  { name: 'forecast-100', threshold: 100, type: 'Forecasted' }
]

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: 'budget-${token}'
  properties: {
    category: 'Cost'
    timeGrain: 'Monthly'
    amount: amount
    timePeriod: { startDate: startDate }
    notifications: toObject(thresholds, item => item.name, item => {
      enabled: true
      operator: 'GreaterThanOrEqualTo'
      threshold: item.threshold
      thresholdType: item.type
      contactEmails: [email]
    })
  }
}
