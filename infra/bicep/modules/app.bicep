// One app from the image. Its role decides which functions run, what it may touch and how it scales.

import { containers, queues } from 'names.bicep'
import { place as placeType, scaling as scalingType, vaultSetting } from 'types.bicep'

param location string
param tags object
param name string

@description('What the app does: setting Nanodet:Role.')
@allowed(['all', 'coordinator', 'worker'])
param role string

@description('The image; empty before the first deployment, when a placeholder takes its place.')
param image string

param environmentId string
param registryServer string
param identityName string
param storageName string
param insightsName string

@description('Where its replicas run.')
param place placeType

@description('Reachable from outside the environment.')
param isExternal bool

@description('How it scales.')
param scaling scalingType

@description('Settings beside those that every app has.')
param settings object

@description('Settings beside those whose values stay in a Key Vault; the identity of the app reads them.')
param vaultSettings vaultSetting[] = []

@description('Whether orchestrations are kept in a Durable Task Scheduler, and not in storage.')
param isScheduled bool

@description('Its address.')
param schedulerEndpoint string

@description('Where telemetry goes by OTLP, too; empty for nowhere.')
param otlpEndpoint string

// Before the first deployment an image of Microsoft's stands in. It listens on the port that ours does, so that a deployment which sets
// nothing but the image meets the right port; it needs no GPU, no scaling and none of our paths. Its tag moves, and no digest
// of it was seen. Its page names the port: https://github.com/dotnet/dotnet-docker/blob/main/samples/aspnetapp/README.md
var port = 8080
var placeholder = 'mcr.microsoft.com/dotnet/samples:aspnetapp'
var isPlaceholder = empty(image)
var actualPlace placeType = isPlaceholder ? { profileName: 'Consumption', cpu: '1.0', memory: '2Gi' } : place
var rules = isPlaceholder ? [] : scaling.rules

// Which function is whose. A test compares the file with the code.
var functions = loadJsonContent('../functions.json')
var ownFunctions = union(
  functions.all,
  role == 'all' ? union(functions.coordinator, functions.worker) : functions[role]
)

// Uploads come by queue `events`.
var replaced = ['CheckpointUploaded', 'FindUploads', 'ImageAnnounced', 'ImageUploaded']
var disabled = filter(
  union(functions.coordinator, functions.worker),
  function => !contains(ownFunctions, function) || contains(replaced, function)
)

var disabledSettings = toObject(disabled, function => 'AzureWebJobs.${function}.Disabled', function => 'true')
var commonSettings = {
  FUNCTIONS_WORKER_RUNTIME: 'dotnet-isolated'
  AzureFunctionsWebHost__hostid: role == 'all' ? 'nanodet' : 'nanodet-${role}'
  AzureWebJobsStorage__accountName: account.name
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  // Function keys are made by the host and kept in the account: a restart does not change them, and the template knows none.
  AzureWebJobsSecretStorageType: 'blob'
  AZURE_CLIENT_ID: identity.properties.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  OTEL_SERVICE_NAME: name
  Nanodet__Role: role
  Nanodet__Storage__Images: containers.images
  Nanodet__Storage__Detections: containers.detections
  Nanodet__Storage__Models: containers.models
  Nanodet__Storage__Checkpoints: containers.checkpoints
  Nanodet__Storage__Jobs: containers.jobs
  Nanodet__Storage__Staging: containers.staging
  Nanodet__Storage__ImageQueue: queues.images
  Nanodet__Storage__BatchQueue: queues.batches
  Nanodet__Storage__EventQueue: queues.events
  Nanodet__Storage__CreateMissing: 'false'
}
// A plain container app gets no host name from the platform; without one the host has no address for webhooks, and every durable client
// fails.
var hostNameSettings = { WEBSITE_HOSTNAME: 'localhost:${port}' }
var schedulerSettings = isScheduled
  ? {
      DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${identity.properties.clientId}'
    }
  : {}
var otlpSettings = empty(otlpEndpoint) ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint }
var environmentVariables = map(
  items(union(commonSettings, disabledSettings, hostNameSettings, otlpSettings, schedulerSettings, settings)),
  setting => { name: setting.key, value: setting.value }
)
var vaultVariables = map(vaultSettings, item => { name: item.setting, secretRef: item.reference })

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = { name: storageName }
resource insights 'Microsoft.Insights/components@2020-02-02' existing = { name: insightsName }
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = { name: identityName }

// A plain container app, not one of kind functionapp: the platform would make that one's scale rules, and azd cannot write those back
// (ContainerAppScaleRuleMissingAuth). The property that keeps rules of one's own there, allowScalingRuleOverride, is only in previews.
resource app 'Microsoft.App/containerApps@2026-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'containerapps'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: actualPlace.profileName
    configuration: {
      activeRevisionsMode: 'Single'
      // Scaling by events needs ingress, be it internal.
      ingress: {
        external: isExternal
        targetPort: port
        transport: 'auto'
        allowInsecure: false
      }
      registries: [{ server: registryServer, identity: identity.id }]
      ...(empty(vaultSettings)
        ? {}
        : {
            secrets: map(vaultSettings, item => { name: item.reference, keyVaultUrl: item.url, identity: identity.id })
          })
    }
    template: {
      terminationGracePeriodSeconds: scaling.graceSeconds
      containers: [
        {
          name: 'functions'
          image: isPlaceholder ? placeholder : image
          resources: { cpu: json(actualPlace.cpu), memory: actualPlace.memory }
          env: concat(environmentVariables, vaultVariables)
          // The host answers a ping when it runs, whatever its model does. A worker is neither restarted for a model that is missing, nor
          // does its revision wait for one: the old revision would stay in its place, and on the first day that is the placeholder.
          // What it takes from its queue waits for the model, and so does a request.
          probes: isPlaceholder
            ? []
            : [
                {
                  type: 'Startup'
                  httpGet: { path: '/admin/host/ping', port: port }
                  periodSeconds: 10
                  timeoutSeconds: 5
                  failureThreshold: 10
                }
                {
                  type: 'Liveness'
                  httpGet: { path: '/admin/host/ping', port: port }
                  periodSeconds: 30
                  timeoutSeconds: 10
                  failureThreshold: 4
                }
                {
                  type: 'Readiness'
                  httpGet: { path: role == 'coordinator' ? '/api/health' : '/admin/host/ping', port: port }
                  periodSeconds: 5
                  timeoutSeconds: 5
                  failureThreshold: 3
                }
              ]
        }
      ]
      scale: {
        minReplicas: isPlaceholder ? 0 : scaling.minReplicas
        maxReplicas: isPlaceholder ? 1 : scaling.maxReplicas
        ...(empty(rules) ? {} : { cooldownPeriod: 300, pollingInterval: 15, rules: rules })
      }
    }
  }
}

output fqdn string = app.properties.configuration.ingress.fqdn
