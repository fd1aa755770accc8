// The whole deployment. Conventions of the Azure Developer CLI: azure.yaml at the root of the repository uses it.

targetScope = 'subscription'

import { containers, queues } from 'modules/names.bicep'
import { hostingKind, orchestrationStoreKind, place, redundancy, registryTier, scaling, topologyKind } from 'modules/types.bicep'

@description('Name of the azd environment; resources are named and tagged after it.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region. A GPU profile is offered in some only.')
@minLength(1)
param location string

@description('What runs the model: a T4 (16 GB), an A100 (80 GB), or the CPU.')
param hosting hostingKind

@description('split: a coordinator that is always there and workers that come and go with the batches. single: one app does both, and is always there.')
param topology topologyKind

@description('Where Durable Functions are kept. storage: in the account; the coordinator is always there. scheduler: in a Durable Task Scheduler, which wakes it, so that it may go; the image has to be built for it.')
param orchestrationStore orchestrationStoreKind = 'storage'

@description('Image of the app; empty before the first deployment. azd sets it.')
param image string = ''

@description('The most workers at a time: what bounds the cost, together with the quota.')
@minValue(1)
@maxValue(100)
param maxWorkers int = 3

@description('Batches waiting per worker before another one comes.')
@minValue(1)
@maxValue(1000)
param batchesPerWorker int = 8

@description('Type of the GPU workload profile, where it is not the usual one of the hosting.')
param gpuProfileType string = ''

@description('When workers are kept warm, whether or not batches wait: begin as a cron expression of five fields; empty for never.')
param warmStart string = ''

@description('End of the warm window.')
param warmEnd string = ''

@description('Time zone of the warm window.')
param warmTimeZone string = 'Etc/UTC'

@description('Workers that are kept warm.')
@minValue(1)
@maxValue(100)
param warmReplicas int = 1

@description('Whether there is a nightly job.')
param nightlyEnabled bool = false

@description('When, in UTC: six fields, seconds first.')
param nightlySchedule string = '0 0 2 * * *'

@description('Which images; empty for all.')
param nightlyPrefix string = ''

@description('Storage redundancy: LRS within a data centre, ZRS across zones, GZRS and RA-GZRS across regions.')
param storageSku redundancy = 'Standard_LRS'

@description('Days after which results are deleted; 0 keeps them.')
@minValue(0)
@maxValue(36500)
param resultRetentionDays int = 0

@description('Registry tier.')
param registrySku registryTier = 'Basic'

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('A virtual network with private endpoints for storage.')
param privateNetwork bool = false

@description('Public IPv4 addresses or ranges that reach a private storage account all the same, with commas between them: above all the machine that runs the hooks.')
param allowedIpAddresses string = ''

@description('Where telemetry goes by OTLP, too; empty for nowhere.')
param otlpEndpoint string = ''

@description('Client id of an app registration: people sign in with Microsoft Entra ID before the viewer and the API; empty for no sign-in.')
param signInClientId string = ''

@description('Resource id of an Event Grid topic of yours that ends of jobs are published to; empty for none. The coordinator gets EventGrid Data Sender on it.')
param jobEndTopicId string = ''

@description('Where ends of jobs are posted; empty for nowhere. Needs jobEndKeyVaultUrl.')
param jobEndWebhook string = ''

@description('Hosts that a job may name in webhook, with commas between them; empty for none. Needs jobEndKeyVaultUrl.')
param jobEndWebhookHosts string = ''

@description('Address of the entry of a Key Vault that webhooks are signed with; empty for none. The coordinator needs Key Vault Secrets User on it.')
param jobEndKeyVaultUrl string = ''

@description('Price of one processor for an hour, for the cost in manifests; 0 for no cost. A text, because Bicep has no fractions.')
param pricePerProcessorHour string = '0'

@description('Price of one GPU for an hour.')
param pricePerGpuHour string = '0'

@description('Currency of the prices.')
@minLength(1)
@maxLength(16)
param priceCurrency string = 'USD'

@description('Who gets alerts and budget warnings; empty for nobody.')
param alertEmail string = ''

@description('Budget per month, in the currency of the subscription; 0 for none. Needs alertEmail and budgetStartDate.')
@minValue(0)
param monthlyBudget int = 0

@description('First day of the month that the budget begins with: of the current month or a later one when it is made, and the same ever after.')
param budgetStartDate string = ''

@description('Who deploys, and may therefore publish models; empty for nobody.')
param principalId string = ''

@allowed(['User', 'Group', 'ServicePrincipal'])
param principalType string = 'User'

var isSplit = topology == 'split'
var isGpu = hosting != 'cpu'
var isScheduled = orchestrationStore == 'scheduler'
var tags = { 'azd-env-name': environmentName }
var token = uniqueString(subscription().id, environmentName, location)

// Every name is known before anything is deployed, so that a what-if sees the whole.
var names = {
  group: 'rg-${environmentName}'
  coordinatorIdentity: 'id-coordinator-${token}'
  workerIdentity: 'id-worker-${token}'
  workspace: 'log-${token}'
  insights: 'appi-${token}'
  registry: 'cr${token}'
  storage: 'st${token}'
  topic: 'evgt-${token}'
  coordinator: isSplit ? 'ca-coordinator-${token}' : 'ca-nanodet-${token}'
  worker: 'ca-worker-${token}'
}
var appIdentities = isSplit ? [names.coordinatorIdentity, names.workerIdentity] : [names.coordinatorIdentity]

// Sizes that the platform ties to a GPU profile; on the CPU the most that the Consumption profile gives.
var profileTypes = { 'gpu-t4': 'Consumption-GPU-NC8as-T4', 'gpu-a100': 'Consumption-GPU-NC24-A100', cpu: '' }
var places = {
  'gpu-t4': { profileName: 'gpu-t4', cpu: '8.0', memory: '56Gi' }
  'gpu-a100': { profileName: 'gpu-a100', cpu: '24.0', memory: '220Gi' }
  cpu: { profileName: 'Consumption', cpu: '4.0', memory: '8Gi' }
}
var workerPlace place = places[hosting]
// A second of such a replica in USD, by the prices of `nanodet cost`: where the workbook's estimate begins. A test compares them.
var workerPrices = { 'gpu-t4': '0.00046', 'gpu-a100': '0.001836', cpu: '0.00012' }
var coordinatorPlace place = { profileName: 'Consumption', cpu: '1.0', memory: '2Gi' }

var modelSettings = {
  Nanodet__Model__Source: 'Pointer'
  Nanodet__Model__Provider: isGpu ? 'Cuda' : 'Cpu'
  Nanodet__Model__RequireGpu: isGpu ? 'true' : 'false'
  // Batches wait for a model that is being loaded: a worker that comes from zero would otherwise put back what it came for.
  Nanodet__Worker__ReadyWait: '00:05:00'
}
// The host reads the triggers of functions that are off, too: every role needs what they name.
var scheduleSettings = {
  Nanodet__Nightly__Schedule: nightlySchedule
  Nanodet__Reconcile__Schedule: '0 */15 * * * *'
  Nanodet__History__Schedule: '0 40 3 * * *'
}
var webhookHosts = empty(jobEndWebhookHosts) ? [] : map(split(jobEndWebhookHosts, ','), host => trim(host))
var webhookHostSettings = reduce(
  webhookHosts,
  {},
  (known, host, i) => union(known, { 'Nanodet__JobEnd__WebhookHosts__${i}': host })
)
var coordinatorSettings = union(scheduleSettings, webhookHostSettings, {
  Nanodet__Nightly__Enabled: nightlyEnabled ? 'true' : 'false'
  Nanodet__Nightly__Prefix: nightlyPrefix
  Nanodet__JobEnd__TopicEndpoint: empty(jobEndTopicId) ? '' : jobEndTopic!.outputs.endpoint
  Nanodet__JobEnd__Webhook: jobEndWebhook
  Nanodet__Jobs__PricePerProcessorHour: pricePerProcessorHour
  Nanodet__Jobs__PricePerGpuHour: pricePerGpuHour
  Nanodet__Jobs__Currency: priceCurrency
})

// The value is never in the template: the platform reads it from the vault.
var vaultSettings = empty(jobEndKeyVaultUrl)
  ? []
  : [{ setting: 'Nanodet__JobEnd__WebhookSecret', reference: 'job-end-webhook', url: jobEndKeyVaultUrl }]

var topicParts = split(jobEndTopicId, '/')

// host.json keeps the orchestrations in storage; these settings move them.
var schedulerName = 'dts-${token}'
var schedulerHub = 'nanodet'
var orchestrationSettings = isScheduled
  ? {
      AzureFunctionsJobHost__extensions__durableTask__hubName: schedulerHub
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
    }
  : {}

// A worker from zero needs minutes for node, image and model: the first wait is longer than that.
var splitSettings = { Nanodet__Orchestrations__BatchWait: '00:15:00' }

// One GPU run at a time; the second batch is downloaded and decoded meanwhile.
var workerSettings = {
  AzureFunctionsJobHost__extensions__queues__batchSize: '2'
  AzureFunctionsJobHost__extensions__queues__newBatchThreshold: '0'
}

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: names.group
  location: location
  tags: tags
}

module identities 'modules/identities.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    names: appIdentities
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceName: names.workspace
    insightsName: names.insights
    retentionDays: logRetentionDays
    identityNames: appIdentities
  }
  dependsOn: [identities]
}

module registry 'modules/registry.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    name: names.registry
    sku: registrySku
    identityNames: appIdentities
  }
  dependsOn: [identities]
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    name: names.storage
    sku: storageSku
    resultRetentionDays: resultRetentionDays
    isPrivate: privateNetwork
    allowedIpAddresses: empty(allowedIpAddresses) ? [] : map(split(allowedIpAddresses, ','), address => trim(address))
  }
}

module coordinatorAccess 'modules/access-coordinator.bicep' = {
  scope: group
  params: { storageName: names.storage, identityName: names.coordinatorIdentity }
  dependsOn: [identities, storage]
}

module workerAccess 'modules/access-worker.bicep' = if (isSplit) {
  scope: group
  params: { storageName: names.storage, identityName: names.workerIdentity }
  dependsOn: [identities, storage]
}

module deployerAccess 'modules/access-deployer.bicep' = if (!empty(principalId)) {
  scope: group
  params: { storageName: names.storage, principalId: principalId, principalType: principalType }
  dependsOn: [storage]
}

module jobEndTopic 'modules/job-end-topic.bicep' = if (!empty(jobEndTopicId)) {
  scope: resourceGroup(
    empty(jobEndTopicId) ? subscription().subscriptionId : topicParts[2],
    empty(jobEndTopicId) ? names.group : topicParts[4]
  )
  params: {
    topicName: last(topicParts)!
    identitySubscription: subscription().subscriptionId
    identityGroup: names.group
    identityName: names.coordinatorIdentity
  }
  dependsOn: [identities]
}

module events 'modules/events.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    topicName: names.topic
    storageName: names.storage
  }
  dependsOn: [storage]
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  params: { location: location, tags: tags, token: token, storageName: names.storage }
  dependsOn: [storage]
}

module environment 'modules/environment.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    workspaceName: names.workspace
    gpuProfileType: isGpu && !empty(gpuProfileType) ? gpuProfileType : profileTypes[hosting]
    gpuProfileName: hosting
    subnetId: privateNetwork ? network!.outputs.appsSubnetId : ''
  }
  dependsOn: [monitoring]
}

module scheduler 'modules/scheduler.bicep' = if (isScheduled) {
  scope: group
  params: { location: location, tags: tags, name: schedulerName, hubName: schedulerHub, identityNames: appIdentities }
  dependsOn: [identities]
}

func idOf(groupName string, identityName string) string =>
  resourceId(subscription().subscriptionId, groupName, 'Microsoft.ManagedIdentity/userAssignedIdentities', identityName)

func queueRule(account string, queue string, length int, identityId string) object => {
  name: queue
  azureQueue: { accountName: account, queueName: queue, queueLength: length, identity: identityId }
}

func schedulerRule(kind string, endpoint string, hub string, identityId string) object => {
  name: toLower(kind)
  custom: {
    type: 'azure-durabletask-scheduler'
    metadata: { endpoint: endpoint, taskhubName: hub, maxConcurrentWorkItemsCount: '1', workItemType: kind }
    identity: identityId
  }
}

// A call wakes an app, too.
var httpRule = { name: 'requests', http: { metadata: { concurrentRequests: '8' } } }

// Timers wake nothing. A host that comes back runs those that are overdue: this brings it back every hour.
var timerRule = {
  name: 'timers'
  custom: {
    type: 'cron'
    metadata: { timezone: 'Etc/UTC', start: '0 * * * *', end: '10 * * * *', desiredReplicas: '1' }
  }
}
var coordinatorIdentityId = idOf(names.group, names.coordinatorIdentity)
var coordinatorQueues = isSplit ? [queues.events, queues.images] : [queues.events, queues.images, queues.batches]
var wakingRules = isScheduled
  ? concat(
      map(coordinatorQueues, queue => queueRule(names.storage, queue, 1, coordinatorIdentityId)),
      map(
        ['Orchestration', 'Activity'],
        kind => schedulerRule(kind, scheduler!.outputs.endpoint, schedulerHub, coordinatorIdentityId)
      ),
      [httpRule, timerRule]
    )
  : []

// The coordinator, or the whole app. On Azure Storage it is always there: nothing wakes an app for Durable Functions that are kept there.
// It is there once at most: images are grouped in its memory.
var coordinatorScaling scaling = {
  minReplicas: isScheduled ? 0 : 1
  maxReplicas: 1
  rules: wakingRules
  graceSeconds: 60
}

module coordinator 'modules/app.bicep' = {
  scope: group
  params: {
    location: location
    tags: union(tags, { 'azd-service-name': 'app' })
    name: names.coordinator
    role: isSplit ? 'coordinator' : 'all'
    image: image
    environmentId: environment.outputs.id
    registryServer: registry.outputs.loginServer
    identityName: names.coordinatorIdentity
    storageName: names.storage
    insightsName: names.insights
    place: isSplit ? coordinatorPlace : workerPlace
    isExternal: true
    scaling: coordinatorScaling
    settings: union(coordinatorSettings, isSplit ? splitSettings : modelSettings, orchestrationSettings)
    vaultSettings: vaultSettings
    isScheduled: isScheduled
    schedulerEndpoint: isScheduled ? scheduler!.outputs.endpoint : ''
    otlpEndpoint: otlpEndpoint
  }
  dependsOn: [coordinatorAccess, monitoring]
}

module signIn 'modules/sign-in.bicep' = if (!empty(signInClientId)) {
  scope: group
  params: { appName: names.coordinator, clientId: signInClientId }
  dependsOn: [coordinator]
}

var warmRule = {
  name: 'warm-window'
  custom: {
    type: 'cron'
    metadata: {
      timezone: warmTimeZone
      start: warmStart
      end: warmEnd
      desiredReplicas: string(warmReplicas)
    }
  }
}

var workerScaling scaling = {
  minReplicas: 0
  maxReplicas: maxWorkers
  rules: concat(
    [queueRule(names.storage, queues.batches, batchesPerWorker, idOf(names.group, names.workerIdentity)), httpRule],
    empty(warmStart) ? [] : [warmRule]
  )
  graceSeconds: 300
}

module worker 'modules/app.bicep' = if (isSplit) {
  scope: group
  params: {
    location: location
    tags: tags
    name: names.worker
    role: 'worker'
    image: image
    environmentId: environment.outputs.id
    registryServer: registry.outputs.loginServer
    identityName: names.workerIdentity
    storageName: names.storage
    insightsName: names.insights
    place: workerPlace
    isExternal: false
    scaling: workerScaling
    settings: union(scheduleSettings, modelSettings, workerSettings, orchestrationSettings)
    isScheduled: isScheduled
    schedulerEndpoint: isScheduled ? scheduler!.outputs.endpoint : ''
    otlpEndpoint: otlpEndpoint
  }
  dependsOn: [workerAccess, monitoring]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    insightsName: names.insights
    topicName: names.topic
    isGpu: isGpu
    isAlwaysThere: !isScheduled && !empty(image)
    email: alertEmail
  }
  dependsOn: [monitoring, events]
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    insightsName: names.insights
    workerPrice: workerPrices[hosting]
  }
  dependsOn: [monitoring]
}

module budget 'modules/budget.bicep' = if (monthlyBudget > 0 && !empty(alertEmail) && !empty(budgetStartDate)) {
  scope: group
  params: { token: token, amount: max(monthlyBudget, 1), startDate: budgetStartDate, email: alertEmail }
}

// AZURE_LOCATION is no output: azd forgets outputs when it deletes, and would ask for the region again.
output AZURE_RESOURCE_GROUP string = names.group
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.loginServer
output AZURE_CONTAINER_REGISTRY_NAME string = names.registry
output AZURE_CONTAINER_APPS_ENVIRONMENT_ID string = environment.outputs.id
output NANODET_APP_NAME string = names.coordinator
output NANODET_HOST_ID string = isSplit ? 'nanodet-coordinator' : 'nanodet'
output NANODET_APP_URI string = 'https://${coordinator.outputs.fqdn}'
output NANODET_WORKER_NAME string = isSplit ? names.worker : ''
output NANODET_STORAGE_ACCOUNT string = names.storage
output NANODET_IMAGES_CONTAINER string = containers.images
output NANODET_DETECTIONS_CONTAINER string = containers.detections
output NANODET_MODELS_CONTAINER string = containers.models
