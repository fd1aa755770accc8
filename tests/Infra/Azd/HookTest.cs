using System.Diagnostics;

namespace Nanodet.Serverless.Infra.Tests.Azd;

/// <summary>The hooks of azure.yaml with az, azd and curl that only note what they are asked for.</summary>
public abstract class HookTest : IDisposable
{
    protected const string Topic = "/subscriptions/2/resourceGroups/events/providers/Microsoft.EventGrid/topics/ends";
    protected const string Assignments = "providers/Microsoft.Authorization/roleAssignments";
    protected const string Live = """echo '{ "live": true, "ready": true }'""";

    /// <summary>What az says of the deployment's group: whose it is, its account, and what is left at the end.</summary>
    protected const string Group = """
        case "$*" in
          "account show "*) echo "${SIGNED_IN:-1}" ;;
          "group show --name rg --query tags"*) echo "${OWNER:-test}" ;;
          "group show --name rg --query id "*) echo /subscriptions/1/resourceGroups/rg ;;
          *"--resource-type Microsoft.Storage/storageAccounts "*) printf '%s\n' other "${FOUND:-staccount}" ;;
          *"--query [].[type, name] "*) printf '%s\t%s\n' ${LEFT:-} Microsoft.Storage/storageAccounts staccount \
            microsoft.managedidentity/userassignedidentities id-coordinator-x ;;
        esac
        """;

    protected DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("nanodet-hooks-");

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>A command that notes its arguments and then does something.</summary>
    protected Task NoteAsync(string command, string then = "true") =>
        StandIns.WriteAsync(Folder, command, $"echo \"{command} $*\" >>\"$CALLS\"\n{then}", Token);

    /// <summary>az with every blob there; an upload is kept, a download gives the result, the registry knows the image.</summary>
    protected Task StorageAsync(string result, string first = "true") => NoteAsync("az", $$"""
        {{first}}
        file=$(echo "$*" | sed -n 's/.*--file \([^ ]*\).*/\1/p')
        case "$3" in
          show) echo sha256:1234 ;;
          exists) echo true ;;
          upload) cp "$file" "{{Folder.FullName}}/uploaded" ;;
          download) echo '{{result}}' >"$file" ;;
        esac
        """);

    /// <summary>
    /// az with the principals of coordinators and of Event Grid's topics, and role assignments: an id and its principal each. As Azure, it names
    /// those at a scope, below it and above it.
    /// </summary>
    protected async Task IdentitiesAsync(string[] coordinators, string[] topics, IEnumerable<string> assignments, string first)
    {
        await File.WriteAllLinesAsync(Path.Combine(Folder.FullName, "assignments"), assignments, Token);
        await NoteAsync("az", $$"""
            {{first}}
            {{Group}}
            case "$*" in
              "identity list --resource-group rg --query [?starts_with(name, 'id-coordinator-')].principalId "*) printf '%s\n' {{string.Join(' ', coordinators)}} ;;
              *"--resource-type Microsoft.EventGrid/systemTopics --query [].identity.principalId "*) printf '%s\n' {{string.Join(' ', topics)}} ;;
              "rest --method get --url "*"/providers/Microsoft.Authorization/roleAssignments --url-parameters api-version=2022-04-01 "*)
                principal=$(printf '%s' "$*" | sed -n "s/.*[$]filter=principalId eq '\([^']*\)'.*/\1/p")
                scope=${5%/providers/Microsoft.Authorization/*}
                awk -v scope="$scope" -v principal="$principal" '
                  { at = $1; sub("/providers/Microsoft.Authorization/.*", "", at) }
                  $2 == principal && (index(tolower($1), tolower(scope)) == 1 || index(scope, at) == 1) { print $1 }' "{{Folder.FullName}}/assignments" ;;
            esac
            """);
    }

    protected async Task<string> FileAsync(string name)
    {
        var path = Path.Combine(Folder.FullName, name);
        await File.WriteAllTextAsync(path, name, Token);
        return path;
    }

    protected async Task<string[]> CallsAsync()
    {
        var path = Path.Combine(Folder.FullName, "calls");
        return File.Exists(path) ? await File.ReadAllLinesAsync(path, Token) : [];
    }

    protected async Task<(int ExitCode, string Output, string Error)> RunAsync(string hook, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("sh", [Repository.PathOf("infra", "hooks", hook)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.MeetOnly(Folder);
        start.Environment["CALLS"] = Path.Combine(Folder.FullName, "calls");
        foreach (var (name, value) in settings.Concat(
        [
            ("NANODET_STORAGE_ACCOUNT", "staccount"), ("NANODET_APP_NAME", "ca-coordinator"), ("NANODET_APP_URI", "https://app.example"),
        ]))
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Token);
        var error = process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, await output, await error);
    }
}
