// A topic of yours that ends of jobs are published to: the coordinator may send to it, and to nothing else of Event Grid.

import { roles } from 'roles.bicep'

param topicName string

@description('Resource group of the identity.')
param identityGroup string

@description('Subscription of the identity.')
param identitySubscription string

@description('Name of the identity that publishes.')
param identityName string

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = { name: topicName }

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  scope: resourceGroup(identitySubscription, identityGroup)
  name: identityName
}

resource maySend 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(topic.id, identity.id, roles.eventGridDataSender)
  scope: topic
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.eventGridDataSender)
  }
}

output endpoint string = topic.properties.endpoint
