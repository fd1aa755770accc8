// What somebody has to look at. Each is a query over Application Insights.

param location string
param tags object
param token string
param insightsName string

@description('Who is told; empty for nobody: the alerts are then seen in the portal only.')
param email string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = { name: insightsName }

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-${token}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'nanodet'
    emailReceivers: [{ name: 'operator', emailAddress: email, useCommonAlertSchema: true }]
  }
}

var alerts = [
  {
    name: 'poison'
    title: 'Messages failed for good'
    text: 'A poison queue was not empty: its function ran. staging/dead-letters has the messages.'
    severity: 2
    every: 'PT5M'
    window: 'PT15M'
    query: 'requests | where name endswith "Poisoned"'
  }
  {
    name: 'failures'
    title: 'Many images fail'
    text: 'More than one image in five failed within an hour.'
    severity: 3
    every: 'PT15M'
    window: 'PT1H'
    query: 'customMetrics | where name == "nanodet.image.count" | summarize total = sum(valueSum), failed = sumif(valueSum, tostring(customDimensions.status) == "failed") | where total >= 100 and failed > total / 5'
  }
  {
    name: 'stalled'
    title: 'Batches wait and nothing is detected'
    text: 'Batches were queued within the hour and not one image was processed: no worker starts, or its model is not ready.'
    severity: 1
    every: 'PT15M'
    window: 'PT1H'
    query: 'requests | where name == "QueueBatch" | summarize queued = count() | extend images = toscalar(customMetrics | where name == "nanodet.image.count" | summarize sum(valueSum)) | where queued > 0 and coalesce(images, 0.0) == 0'
  }
]

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in alerts: {
    name: 'alert-${alert.name}-${token}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Nanodet: ${alert.title}'
      description: alert.text
      enabled: true
      severity: alert.severity
      scopes: [insights.id]
      evaluationFrequency: alert.every
      windowSize: alert.window
      // The tables come with the first telemetry.
      skipQueryValidation: true
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(email) ? [] : [people.id] }
    }
  }
]
