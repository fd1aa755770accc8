using System.Security.Cryptography;
using System.Text;

namespace Nanodet.Serverless.Infra.Tests.Azd;

/// <summary>The hook after provisioning: what is put into container checkpoints, and what is not.</summary>
public sealed class PostprovisionTests : HookTest
{
    [Fact]
    public async Task Postprovision_WithACheckpoint_UploadsItAfterItsConfig()
    {
        await NoteAsync("az");
        var checkpoint = await FileAsync("nanodet_model_best.pth");
        var config = await FileAsync("training.yml");

        var run = await RunAsync("postprovision.sh", ("NANODET_CHECKPOINT", checkpoint), ("NANODET_CONFIG", config));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        var calls = await CallsAsync();
        Assert.Equal(3, calls.Length);
        Assert.StartsWith("az storage blob list", calls[0], StringComparison.Ordinal);
        Assert.Contains($"--container-name checkpoints --overwrite true --name nanodet_model_best.yml --file {config}", calls[1], StringComparison.Ordinal);
        Assert.Contains($"--name nanodet_model_best.pth --file {checkpoint} --metadata md5={Md5("nanodet_model_best.pth")}", calls[2], StringComparison.Ordinal);
        Assert.All(calls, call => Assert.Contains("--auth-mode login --account-name staccount", call, StringComparison.Ordinal));
    }

    /// <summary>
    /// What is uploaded becomes the current model: the bytes that are there already would take the place of a later model at each deployment.
    /// </summary>
    [Theory]
    [InlineData("a.pth by-hook, a.yml by-storage, a.report.json", "")]
    [InlineData("a.pth by-storage, a.yml by-hook, a.report.json", "")]
    [InlineData("a.pth by-hook, a.yml by-hook", "a.pth")]
    [InlineData("a.pth other, a.yml by-hook, a.report.json", "a.pth")]
    [InlineData("a.pth none, a.yml by-hook, a.report.json", "a.pth")]
    [InlineData("a.pth by-hook, a.yml other, a.report.json", "a.yml")]
    [InlineData("a.pth other, a.yml other, a.report.json", "a.yml, a.pth")]
    [InlineData("a.yml by-hook, a.report.json", "a.pth")]
    [InlineData("a.pth.old by-hook, xa.pth by-hook, a.yml by-hook, a.report.json", "a.pth")]
    [InlineData("a.pth by-hook, a.yml by-hook, a.report.json of 2025", "a.pth")]
    [InlineData("a.pth by-hook of 2027, a.yml by-hook, a.report.json", "a.pth")]
    [InlineData("a.pth by-hook, a.yml by-storage of 2027, a.report.json", "a.pth")]
    [InlineData("a.pth by-hook of 2027, a.yml by-storage of 2027, a.report.json of 2027", "a.pth")]
    [InlineData("a.pth by-hook of 2027, a.yml by-storage of 2027, a.report.json of 2028", "")]
    [InlineData("", "a.yml, a.pth")]
    public async Task Postprovision_BytesThatAreThere_AreNotUploadedAgain(string there, string uploaded)
    {
        await CheckpointsAsync(there);

        var run = await RunAsync("postprovision.sh", ("NANODET_CHECKPOINT", await FileAsync("a.pth")), ("NANODET_CONFIG", await FileAsync("a.yml")));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal(uploaded, await UploadedAsync());
        Assert.StartsWith(
            uploaded.Length == 0 ? "a.yml and a.pth are in container" : $"Uploaded {uploaded.Replace(", ", " and ", StringComparison.Ordinal)} to",
            run.Output,
            StringComparison.Ordinal);
    }

    /// <summary>The bytes are there and a report is: nothing happens until somebody reads what it says.</summary>
    [Theory]
    [InlineData("""{ "schemaVersion": 1, "status": "refused", "error": { "code": "publish_failed", "message": "x" } }""", "publish_failed")]
    [InlineData("""{"status":"refused","error":{"code":"invalid_config"}}""", "invalid_config")]
    [InlineData("""{ "status": "refused" }""", "refused")]
    [InlineData("""{ "schemaVersion": 1, "status": "published", "error": null }""", null)]
    [InlineData("", null)]
    public async Task Postprovision_PairThatWasRefused_IsSaidWithTheWayToTryAgain(string report, string? code)
    {
        await CheckpointsAsync("a.pth by-hook, a.yml by-hook, a.report.json");

        var run = await RunAsync(
            "postprovision.sh", ("NANODET_CHECKPOINT", await FileAsync("a.pth")), ("NANODET_CONFIG", await FileAsync("a.yml")), ("REPORT", report));

        Assert.Equal(0, run.ExitCode);
        Assert.Empty(await UploadedAsync());
        Assert.Equal(code is null, run.Error.Length == 0);
        Assert.Equal(code is null, run.Output.Contains("with a report: nothing is uploaded", StringComparison.Ordinal));
        if (code is not null)
        {
            Assert.Contains($"not published: {code}. Nothing is uploaded.", run.Error, StringComparison.Ordinal);
            Assert.Contains("NANODET_CHECKPOINT_UPLOAD=always azd provision", run.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("NANODET_CHECKPOINT_UPLOAD", "changed", "")]
    [InlineData("NANODET_CHECKPOINT_UPLOAD", "always", "a.yml, a.pth")]
    public async Task Postprovision_WhenItUploads_CanBeSaid(string setting, string value, string uploaded)
    {
        await CheckpointsAsync("a.pth by-hook, a.yml by-hook, a.report.json");

        var run = await RunAsync(
            "postprovision.sh", ("NANODET_CHECKPOINT", await FileAsync("a.pth")), ("NANODET_CONFIG", await FileAsync("a.yml")), (setting, value));

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(uploaded, await UploadedAsync());
    }

    /// <summary>The deployment provisions once more: it rolls out an image, not a model.</summary>
    [Fact]
    public async Task Postprovision_WithinADeployment_AsksForNothing()
    {
        await CheckpointsAsync(string.Empty);

        var run = await RunAsync(
            "postprovision.sh",
            ("NANODET_CHECKPOINT", await FileAsync("a.pth")), ("NANODET_CONFIG", await FileAsync("a.yml")), ("NANODET_WITHIN_DEPLOY", "true"),
            ("NANODET_CHECKPOINT_UPLOAD", "always"));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        Assert.Empty(await CallsAsync());
    }

    [Fact]
    public async Task Postprovision_RoleNotKnownYet_TriesAgain()
    {
        await NoteAsync("az", "[ \"$(grep -c . \"$CALLS\")\" -gt 2 ]");
        await NoteAsync("sleep");
        var file = await FileAsync("a.pth");

        var run = await RunAsync("postprovision.sh", ("NANODET_CHECKPOINT", file), ("NANODET_CONFIG", file));

        Assert.Equal(0, run.ExitCode);
        Assert.True((await CallsAsync()).Count(call => call.StartsWith("az ", StringComparison.Ordinal)) > 2);
    }

    [Fact]
    public async Task Postprovision_WithoutACheckpoint_SaysSoAndDoesNothing()
    {
        await NoteAsync("az");

        var run = await RunAsync("postprovision.sh");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("NANODET_CHECKPOINT", run.Output, StringComparison.Ordinal);
        Assert.Empty(await CallsAsync());
    }

    [Fact]
    public async Task Postprovision_FileThatIsMissing_Fails()
    {
        await NoteAsync("az");

        var run = await RunAsync("postprovision.sh", ("NANODET_CHECKPOINT", "/no/such.pth"), ("NANODET_CONFIG", "/no/such.yml"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("/no/such.pth", run.Error, StringComparison.Ordinal);
    }

    /// <summary>
    /// az with blobs in container checkpoints, and what is known of their MD5: written down by the hook, computed by storage, of other bytes,
    /// or unknown. A file's bytes are its name. A report is of 2026-01-02, all else of the day before, but for what ends with another year.
    /// </summary>
    private Task CheckpointsAsync(string blobs)
    {
        var lines = blobs.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(blob => blob.Split(' ')).Select(blob =>
        {
            var hash = Md5(blob[0]);
            var year = blob.Length > 2 && blob[^2] == "of" ? blob[^1] : "2026";
            var day = blob[0].EndsWith(".json", StringComparison.Ordinal) && year == "2026" ? "02" : "01";
            return blob.ElementAtOrDefault(1) switch
            {
                "by-hook" => $"{blob[0]}\\t{hash}\\tNone",
                "by-storage" => $"{blob[0]}\\tNone\\t{Convert.ToBase64String(Convert.FromHexString(hash))}",
                "other" => $"{blob[0]}\\t{Md5("other")}\\t{Convert.ToBase64String(Convert.FromHexString(Md5("another")))}",
                _ => $"{blob[0]}\\tNone\\tNone",
            } + $"\\t{year}-01-{day}T00:00:00+00:00\\n";
        });
        return NoteAsync("az", $$"""
            case "$3" in
              list) printf '{{string.Concat(lines)}}' ;;
              download) [ -z "${REPORT:-}" ] || printf %s "$REPORT" >"$(echo "$*" | sed -n 's/.*--file \([^ ]*\).*/\1/p')" ;;
            esac
            """);
    }

    private async Task<string> UploadedAsync() => string.Join(
        ", ",
        (await CallsAsync()).Where(call => call.StartsWith("az storage blob upload", StringComparison.Ordinal))
            .Select(call => call.Split(' ')[Array.IndexOf(call.Split(' '), "--name") + 1]));

#pragma warning disable CA5351 // what storage computes, and nothing that has to withstand anybody
    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
}
