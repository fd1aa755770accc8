// One app from the image. Its role decides which functions run, what it may touch and how it scales.

import { containers, queues } from 'names.bicep'

param location string
param tags object
param name string

@description('What the app does: setting Nanodet:Role.')
@allowed(['all', 'coordinator', 'worker'])
param role string

@description('The image; empty before the first deployment, when a placeholder takes its place.')
param image string

@description('Kind of the container app. Own scale rules of a functionapp need a preview of the API; a containerapp needs none.')
@allowed(['functionapp', 'containerapps'])
param kind string

param environmentId string
param registryServer string
param identityName string
param storageName string
param insightsName string

@description('Workload profile of the environment.')
param profileName string

@description('Cores.')
param cpu string

@description('Memory, such as 4Gi.')
param memory string

@description('Reachable from outside the environment.')
param isExternal bool

@minValue(0)
param minReplicas int

@minValue(1)
param maxReplicas int

@description('Rules of its own; none leaves scaling to the platform.')
param scaleRules array

@description('Seconds that a replica gets to finish what it has in hand.')
@minValue(0)
@maxValue(600)
param graceSeconds int

@description('Settings beside those that every app has.')
param settings object

@description('Where telemetry goes by OTLP, too; empty for nowhere.')
param otlpEndpoint string

var port = 8080
var isPlaceholder = empty(image)

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
// A functionapp gets a host name from the platform; without one the host has no address for webhooks, and every durable client fails.
var hostNameSettings = kind == 'containerapps' ? { WEBSITE_HOSTNAME: 'localhost:${port}' } : {}
var otlpSettings = empty(otlpEndpoint) ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint }
var environmentVariables = map(
  items(union(commonSettings, disabledSettings, hostNameSettings, otlpSettings, settings)),
  setting => { name: setting.key, value: setting.value }
)

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = { name: storageName }
resource insights 'Microsoft.Insights/components@2020-02-02' existing = { name: insightsName }
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = { name: identityName }

resource app 'Microsoft.App/containerApps@2026-03-02-preview' = {
  name: name
  location: location
  tags: tags
  kind: kind
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: profileName
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
    }
    template: {
      terminationGracePeriodSeconds: graceSeconds
      containers: [
        {
          name: 'functions'
          image: isPlaceholder ? 'mcr.microsoft.com/azuredocs/containerapps-helloworld:latest' : image
          resources: { cpu: json(cpu), memory: memory }
          env: environmentVariables
          // The host answers a ping when it runs, whatever its model does: a worker without a model is not restarted for it. It gets
          // requests, and its revision counts as ready, when the model is loaded and gave the answers of its parity fixture.
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
                  httpGet: { path: '/api/health', port: port }
                  periodSeconds: 5
                  timeoutSeconds: 5
                  failureThreshold: 3
                }
              ]
        }
      ]
      scale: {
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        ...(empty(scaleRules) ? {} : { cooldownPeriod: 300, pollingInterval: 15, rules: scaleRules })
        // Without it the platform makes the rules of a functionapp itself and refuses others. No published type has the property yet.
        ...any(!empty(scaleRules) && kind == 'functionapp' ? { allowScalingRuleOverride: true } : {})
      }
    }
  }
}

output fqdn string = app.properties.configuration.ingress.fqdn
