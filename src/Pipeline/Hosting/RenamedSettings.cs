using Microsoft.Extensions.Configuration;

namespace Nanodet.Serverless.Pipeline.Hosting;

/// <summary>
/// Settings that had another name in the release before this one, and settings that are gone. An old name still counts, unless the new one
/// is set, too; the log says so at each start.
/// </summary>
public static class RenamedSettings
{
    private static readonly (string Old, string New)[] Renamed =
    [
        ("Nanodet:Batch:MaxSize", "Nanodet:Grouping:BatchSize"),
        ("Nanodet:Batch:MaxDelay", "Nanodet:Grouping:MaxDelay"),
        ("Nanodet:Batch:WaitLimit", "Nanodet:Orchestrations:BatchWait"),
        ("Nanodet:Batch:LongestWait", "Nanodet:Orchestrations:LongestBatchWait"),
        ("Nanodet:Batcher:Lanes", "Nanodet:Batching:Lanes"),
        ("Nanodet:Batcher:MaxBatchSize", "Nanodet:Batching:MaxRunSize"),
        ("Nanodet:Batcher:MaxDelay", "Nanodet:Batching:MaxDelay"),
        ("Nanodet:Batcher:QueueCapacity", "Nanodet:Batching:QueueCapacity"),
        ("Nanodet:Batcher:CalibrationTime", "Nanodet:Batching:CalibrationTime"),
        ("Nanodet:Detector:MaxBatchSize", "Nanodet:Detector:MaxRunSize"),
    ];

    private static readonly string[] Gone =
    [
        "Nanodet:Batch:WriteConcurrency",
        "Nanodet:Jobs:LookupConcurrency",
        "Nanodet:Reconcile:Concurrency",
    ];

    /// <summary>Makes the values of old names count under their new ones.</summary>
    /// <param name="configuration">The app's configuration; a source is added to it.</param>
    /// <returns>A line for each old name that is set: what it is called now, or that it is gone.</returns>
    public static IReadOnlyList<string> Accept(IConfigurationManager configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var values = new Dictionary<string, string?>();
        var lines = new List<string>();
        foreach (var (old, current) in Renamed)
        {
            if (configuration[old] is not { } value)
            {
                continue;
            }

            if (configuration[current] is null)
            {
                values[current] = value;
                lines.Add($"Setting '{old}' is now called '{current}'; the old name is read in this release only. Rename it.");
            }
            else
            {
                lines.Add($"Setting '{old}' is now called '{current}', which is set, too: '{old}' is ignored. Remove it.");
            }
        }

        lines.AddRange(Gone.Where(old => configuration[old] is not null).Select(old => $"Setting '{old}' is gone and ignored. Remove it."));
        if (values.Count > 0)
        {
            configuration.AddInMemoryCollection(values);
        }

        return lines;
    }
}
