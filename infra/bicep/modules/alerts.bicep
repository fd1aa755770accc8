// What somebody has to look at: queries over Application Insights, and one metric of Event Grid.

param location string
param tags object
param token string
param insightsName string

@description('The Event Grid topic of the uploads.')
param topicName string

@description('Whether workers have a GPU.')
param isGpu bool

@description('Whether the coordinator is always there, so that its silence means something.')
param isAlwaysThere bool

@description('Who is told; empty for nobody: the alerts are then seen in the portal only.')
param email string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = { name: insightsName }

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = { name: topicName }

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

// A worker from zero needs minutes, and a job that was cancelled meanwhile leaves messages that nobody misses: a batch waits where it was
// queued half an hour ago and again, which its orchestration does as long as nothing came of it.
var stalledQuery = join(
  [
    'requests | where name == "QueueBatch" and timestamp > ago(2h)'
    'extend worked = toscalar(customMetrics | where name == "nanodet.image.count" or name == "nanodet.stage.duration" | summarize max(timestamp))'
    'where isnull(worked) or timestamp > worked'
    'summarize oldest = min(timestamp), newest = max(timestamp)'
    'where oldest < ago(30m) and newest - oldest > 10m'
  ],
  ' | '
)

// By the minute and by the worker: an hour in which a worker was busy for seconds, or looked up what was done already, says nothing.
var idleQuery = join(
  [
    'customMetrics | where name == "nanodet.image.count" or name == "nanodet.gpu.utilization"'
    'extend isDetected = name == "nanodet.image.count" and tostring(customDimensions.status) == "detected"'
    'summarize images = sumif(valueSum, isDetected), readings = countif(name == "nanodet.gpu.utilization"), use = maxif(valueMax, name == "nanodet.gpu.utilization") by bin(timestamp, 1m), cloud_RoleInstance'
    'where images >= 600 and readings > 0'
    'summarize minutes = count(), use = max(use)'
    'where minutes >= 10 and use < 0.01'
  ],
  ' | '
)

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
    text: 'A batch was queued more than half an hour ago and again since, and not one image was processed: no worker starts, or its model is not ready.'
    severity: 1
    every: 'PT15M'
    // Two of the longest waits of an orchestration, which queues its batch again after each.
    window: 'PT2H'
    query: stalledQuery
  }
  {
    name: 'jobs'
    title: 'A job failed or does not add up'
    text: 'A job ended as failed or inconsistent, or lost a batch or a page, or a batch failed and was started again. The manifest in container jobs has the counts.'
    severity: 2
    every: 'PT15M'
    window: 'PT30M'
    query: 'traces | where tostring(customDimensions.State) in ("Failed", "Inconsistent") or (severityLevel >= 3 and isnotempty(strcat(customDimensions.JobId, customDimensions.BatchId, customDimensions.Page)))'
  }
  {
    name: 'swap'
    title: 'A published model does not serve'
    text: 'Workers keep the old model. GET /api/health/details of a worker has the reason in swapProblem.'
    severity: 2
    every: 'PT15M'
    window: 'PT30M'
    // Some reasons go away by themselves: the worker tries again.
    query: 'customMetrics | where name == "nanodet.model.swaps" and tostring(customDimensions.outcome) !in ("ready", "model_busy", "model_storage_unavailable", "session_lost")'
  }
  {
    name: 'dead-letters'
    title: 'A message became a dead letter'
    text: 'A message could not be read or processed. staging/dead-letters has it, with the problem.'
    severity: 3
    every: 'PT15M'
    window: 'PT30M'
    query: 'traces | where severityLevel >= 3 and isnotempty(tostring(customDimensions.Queue)) and isnotempty(tostring(customDimensions.Problem))'
  }
  {
    name: 'queue-age'
    title: 'Messages wait for too long'
    text: 'A message waited for more than half an hour: in batches more workers or one that takes nothing, in events and images more uploads at once than the coordinator takes.'
    severity: 3
    every: 'PT15M'
    window: 'PT30M'
    query: 'customMetrics | where name == "nanodet.queue.wait" and valueMax > 1800'
  }
]

var gpuAlerts = [
  {
    name: 'gpu-idle'
    title: 'Images are detected and the GPU does nothing'
    text: 'A worker detected at least 600 images a minute for ten minutes of an hour, and its GPU was never at 1 %: it is paid for and not used.'
    severity: 3
    every: 'PT15M'
    window: 'PT1H'
    query: idleQuery
  }
]

// Its timer runs every quarter of an hour. One that has never run was not deployed until now; the hook of the deployment tells whether it came.
var silenceAlerts = [
  {
    name: 'silent'
    title: 'The coordinator is silent'
    text: 'Reconcile ran within two days, but not for an hour: no upload becomes a batch and no job goes on.'
    severity: 1
    every: 'PT15M'
    window: 'P2D'
    query: 'requests | where name == "Reconcile" | summarize ran = max(timestamp) | where ran < ago(1h)'
  }
]

var all = concat(alerts, isGpu ? gpuAlerts : [], isAlwaysThere ? silenceAlerts : [])

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in all: {
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

// What Event Grid could not deliver within a day; the topic counts it itself.
resource undelivered 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'alert-undelivered-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'Event Grid gave up on events of uploads. Container event-dead-letters has them; Reconcile finds the images within two days.'
    severity: 2
    enabled: true
    scopes: [topic.id]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-lettered'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.EventGrid/systemTopics'
          metricName: 'DeadLetteredCount'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: empty(email) ? [] : [{ actionGroupId: people.id }]
  }
}
