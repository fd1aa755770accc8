namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>Settings of the test hosts: short waits, and the lists of a role as docs/operations.md has them.</summary>
internal static class AppSettings
{
    public static IEnumerable<KeyValuePair<string, string>> ForRole(string role)
    {
        (string Name, string Value)[] common =
        [
            ("Nanodet__Role", role),
            ("Nanodet__Orchestrations__BatchWait", "00:00:30"),
            ("Nanodet__Orchestrations__LongestBatchWait", "00:01:00"),
            ("Nanodet__Worker__ReadyWait", "00:00:00.500"),
            ("Nanodet__Model__RetryPause", "00:00:00.200"),
            ("Nanodet__Model__LongestRetryPause", "00:00:01"),
            ("Nanodet__Orchestrations__FirstRetry", "00:00:01"),
            ("Nanodet__Reconcile__Schedule", "0 0 0 1 1 *"),
            ("AzureFunctionsJobHost__extensions__queues__maxPollingInterval", "00:00:00.250"),
            ("AzureFunctionsJobHost__extensions__durableTask__storageProvider__maxQueuePollingInterval", "00:00:00.250"),
        ];
        return common.Concat(Operations.DisabledIn(role).Select(name => ($"AzureWebJobs.{name}.Disabled", "true")))
            .Select(setting => KeyValuePair.Create(setting.Item1, setting.Item2));
    }
}
