using System.Text.RegularExpressions;
using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>One request of Azurite's access log: which resource it touched, and whether it changed something.</summary>
/// <param name="Resource">From the account on, such as <c>queueServices/default/queues/batches</c>.</param>
/// <param name="Kind">What the request needs.</param>
/// <param name="Request">Verb and path, to be shown.</param>
internal sealed partial record StorageAccess(string Resource, AccessKind Kind, string Request)
{
    private static readonly Dictionary<string, AccessKind[]> Roles = new()
    {
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = [AccessKind.Read, AccessKind.Change], // Storage Blob Data Owner
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = [AccessKind.Read, AccessKind.Change], // Storage Blob Data Contributor
        ["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"] = [AccessKind.Read], // Storage Blob Data Reader
        ["974c5e8b-45b9-4653-ba55-5f855dd0fb88"] = [AccessKind.Read, AccessKind.Change], // Storage Queue Data Contributor
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = [AccessKind.Read, AccessKind.Change], // Storage Table Data Contributor
    };

    /// <summary>The requests of a log, from a line on.</summary>
    public static IReadOnlyList<StorageAccess> Read(Deployment deployment, int from = 0) =>
        [.. Lines(deployment).Skip(from).Select(line => Parse(line, deployment.Blobs.AccountName))];

    /// <summary>How many requests there were.</summary>
    public static int Count(Deployment deployment) => Lines(deployment).Count();

    /// <summary>Whether an identity with these roles may do it.</summary>
    public bool IsGranted(IEnumerable<RoleAssignment> assignments)
    {
        var resource = $"Microsoft.Storage/storageAccounts/st/{Resource}";
        return assignments.Any(assignment =>
            (resource == assignment.Scope || resource.StartsWith($"{assignment.Scope}/", StringComparison.Ordinal))
            && Roles.TryGetValue(assignment.Role, out var kinds) && kinds.Contains(Kind));
    }

    private static StorageAccess Parse(string line, string account)
    {
        var match = Line().Match(line);
        Assert.True(match.Success, $"no request of the access log: {line}");
        var (verb, target) = (match.Groups["verb"].Value, match.Groups["target"].Value);
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var (path, parameters) = query < 0 ? (target, string.Empty) : (target[..query], target[query..]);
        string[] parts = path.TrimStart('/').Split('/', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(parts.Length > 0 && parts[0] == account, $"no request to the account: {line}");
        var kind = verb is "GET" or "HEAD" ? AccessKind.Read : AccessKind.Change;
        var request = $"{verb} {target}";
        if (parts.Length == 1)
        {
            return new StorageAccess(parameters.Contains("comp=", StringComparison.Ordinal) ? "service" : "account", kind, request);
        }

        var name = Table().Match(parts[1]).Value;
        if (name is "Tables" or "$batch" || char.IsUpper(name[0]))
        {
            return new StorageAccess($"tableServices/default/tables/{name}", kind, request);
        }

        // A queue is asked for its messages and its metadata; a container says so by restype, or has blobs.
        var isQueue = !parameters.Contains("restype=container", StringComparison.Ordinal)
            && (parts.Length == 2 || (parts[2] == "messages"));
        return isQueue
            ? new StorageAccess($"queueServices/default/queues/{name}", kind, request)
            : new StorageAccess($"blobServices/default/containers/{name}", kind, request);
    }

    private static IEnumerable<string> Lines(Deployment deployment)
    {
        using var log = new StreamReader(new FileStream(deployment.AccessLog, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (log.ReadLine() is { } line)
        {
            // Without an account: whoever started Azurite asked whether it answers.
            if (!line.Contains("\"GET / HTTP/", StringComparison.Ordinal))
            {
                yield return line;
            }
        }
    }

    [GeneratedRegex("\"(?<verb>[A-Z]+) (?<target>\\S+) HTTP/")]
    private static partial Regex Line();

    [GeneratedRegex(@"^[^()]+")]
    private static partial Regex Table();
}
