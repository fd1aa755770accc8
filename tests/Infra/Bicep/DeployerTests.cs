using System.Text.RegularExpressions;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

/// <summary>What the documents and the hooks have a person do with data, against the rights of the one who deploys.</summary>
public sealed partial class DeployerTests
{
    private const string Deployer = "33333333-3333-3333-3333-333333333333";
    private const string Read = "read";
    private const string Write = "write";
    private const string Send = "send";

    private static readonly Dictionary<string, (string Role, string[] Allows)> Roles = new()
    {
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = ("Storage Blob Data Contributor", [Read, Write]),
        ["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"] = ("Storage Blob Data Reader", [Read]),
        ["19e7f393-937e-4f77-808e-94535e297925"] = ("Storage Queue Data Reader", [Read]),
        ["c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"] = ("Storage Queue Data Message Sender", [Send]),
    };

    // Commands of az about data: what each asks for.
    private static readonly Dictionary<string, string> Verbs = new()
    {
        ["blob list"] = Read,
        ["blob exists"] = Read,
        ["blob show"] = Read,
        ["blob download"] = Read,
        ["blob download-batch"] = Read,
        ["blob upload"] = Write,
        ["blob upload-batch"] = Write,
        ["blob delete"] = Write,
        ["message peek"] = Read,
        ["message put"] = Send,
    };

    // Commands of nanodet that work on an account: the file that makes them, and what they ask for. That of doctor is an app's, and says so.
    private static readonly (string File, string Command, string Place, string Right)[] Commands =
    [
        ("ModelCommands.cs", "publish", "container models", Write),
        ("ModelCommands.cs", "rollback", "container models", Write),
        ("ModelCommands.cs", "models", "container models", Read),
        ("JobCommands.cs", "failures", "container jobs", Read),
        ("JobCommands.cs", "results", "container jobs", Read),
        ("ResultsExportCommand.cs", "results", "container detections", Read),
        ("ViewCommand.cs", "view", "container jobs", Read),
        ("DoctorCommand.cs", "doctor", string.Empty, string.Empty),
    ];

    [Fact]
    public async Task Rights_OfTheTemplate_AreThoseOfTheManual()
    {
        var documented = DocumentTable.Read(Repository.PathOf("docs", "operations.md"), "deployer")
            .Select(row => $"{row[0]} on {row[1].Replace("`", string.Empty, StringComparison.Ordinal)}");

        Assert.Equal(
            (await GrantedAsync()).Select(right => $"{Roles[right.Role].Role} on {right.Place}").Order(StringComparer.Ordinal),
            documented.Order(StringComparer.Ordinal));
    }

    /// <summary>Every command of az about data that stands in a document or a hook.</summary>
    [Fact]
    public async Task Commands_OfAz_AreAllowed()
    {
        var asked = Texts().SelectMany(text => AzCommand().Matches(text.Content).Select(match => (
            text.Name,
            Place: match.Groups["kind"].Value is "--queue-name" ? $"queue {match.Groups["place"].Value}" : $"container {match.Groups["place"].Value}",
            Verb: match.Groups["verb"].Value))).ToArray();

        Assert.True(asked.Length >= 8);
        Assert.All(asked, command => Assert.True(Verbs.ContainsKey(command.Verb), $"{command.Name}: what does 'az storage {command.Verb}' ask for?"));
        await AssertAllowedAsync(asked.Select(command => ($"{command.Name}: az storage {command.Verb}", command.Place, Verbs[command.Verb])));
    }

    /// <summary>Every command of nanodet that takes an account by identity.</summary>
    [Fact]
    public async Task Commands_OfNanodet_AreAllowed()
    {
        var files = Directory.EnumerateFiles(Repository.PathOf("src", "Cli"), "*.cs", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("TargetKinds.Account", StringComparison.Ordinal)).Select(Path.GetFileName);
        Assert.Equal(Commands.Select(command => command.File).Append("TargetOptions.cs").Distinct().Order(), files.Order());
        var written = Texts().SelectMany(text => AccountCommand().Matches(text.Content)).Select(match => match.Groups["command"].Value).ToArray();

        Assert.Contains("publish", written);
        Assert.All(written, name => Assert.Contains(Commands, command => command.Command == name));
        await AssertAllowedAsync(Commands.Where(command => command.Place.Length > 0).Select(command => ($"nanodet {command.Command}", command.Place, command.Right)));
    }

    /// <summary>Where an alert sends people, they can look.</summary>
    [Fact]
    public async Task Places_ThatAlertsName_AreReadable()
    {
        var template = await Template.EvaluateFullAsync();
        var texts = template.OfType("Microsoft.Insights/scheduledQueryRules").Concat(template.OfType("Microsoft.Insights/metricAlerts"))
            .Select(rule => rule.GetProperty("properties").GetProperty("description").GetString()!)
            .Append(Section("### Alerts")).Append(Section("### Replay poison")).ToArray();
        var places = texts.SelectMany(text => Container().Matches(text).Select(match => $"container {match.Groups["place"].Value}")
            .Concat(Queue().Matches(text).Select(match => $"queue {match.Groups["place"].Value}"))).Distinct().Order(StringComparer.Ordinal).ToArray();

        Assert.Equal(["container event-dead-letters", "container jobs", "container staging", "queue events"], places);
        await AssertAllowedAsync(places.Select(place => ("alerts", place, Read)));
    }

    private static async Task AssertAllowedAsync(IEnumerable<(string What, string Place, string Right)> asked)
    {
        var granted = await GrantedAsync();
        Assert.All(asked, need => Assert.True(
            granted.Any(right => right.Place == need.Place && Roles[right.Role].Allows.Contains(need.Right)),
            $"{need.What}: nobody lets the deployer {need.Right} {need.Place}"));
    }

    private static async Task<(string Role, string Place)[]> GrantedAsync() =>
    [
        .. (await Template.EvaluateFullAsync()).RoleAssignments.Where(assignment => assignment.Principal == Deployer)
            .Select(assignment => (
                assignment.Role,
                $"{(assignment.Scope.Contains("/queues/", StringComparison.Ordinal) ? "queue" : "container")} {assignment.Scope.Split('/')[^1]}")),
    ];

    /// <summary>Documents and hooks, with lines that go on as one.</summary>
    private static IEnumerable<(string Name, string Content)> Texts() =>
        Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Repository.PathOf("infra"), "*.sh", SearchOption.AllDirectories))
            .Append(Repository.PathOf("README.md"))
            .Select(file => (Path.GetFileName(file), Continued().Replace(File.ReadAllText(file), " ")));

    private static string Section(string heading) => string.Join('\n', File.ReadAllLines(Repository.PathOf("docs", "operations.md"))
        .SkipWhile(line => line != heading).Skip(1).TakeWhile(line => !line.StartsWith("### ", StringComparison.Ordinal)));

    [GeneratedRegex(@"(?:az storage |\n +)(?<verb>(?:blob|message|queue|container) [\w-]+)\b[^\n`|]*?(?<kind>--container-name|--destination|--source|--queue-name) (?<place>[a-z][a-z0-9-]+)\b")]
    private static partial Regex AzCommand();

    [GeneratedRegex(@"nanodet (?<command>[a-z]+)\b[^\n`|]*--account\b")]
    private static partial Regex AccountCommand();

    [GeneratedRegex(@"\b[Cc]ontainer `?(?<place>[a-z][a-z-]+)`?|`?(?<place>[a-z][a-z-]+)/dead-letters|\[`(?<place>event-dead-letters)`\]")]
    private static partial Regex Container();

    [GeneratedRegex(@"\b[Qq]ueue `(?<place>[a-z][a-z-]+)`")]
    private static partial Regex Queue();

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();
}
