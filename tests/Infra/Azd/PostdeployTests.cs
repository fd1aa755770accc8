using Nanodet.Detection.Images;

namespace Nanodet.Serverless.Infra.Tests.Azd;

/// <summary>The hook after a deployment: the image by its digest, the second provision, and the smoke test.</summary>
public sealed class PostdeployTests : HookTest
{
    private const string Pinned = "cr1.example/nanodet/app@sha256:1234";

    [Fact]
    public async Task Postdeploy_Everything_ProvisionsWithTheImageAndSendsAnImageTheWholeWay()
    {
        await NoteAsync("azd", "echo \"image $SERVICE_APP_IMAGE_NAME, preflight ${NANODET_PREFLIGHT:-on}, within ${NANODET_WITHIN_DEPLOY:-}\" >>\"$CALLS\"");
        await NoteAsync("curl", Live);
        await StorageAsync("""{ "status": "detected", "provider": "CUDA" }""");

        var run = await RunAsync("postdeploy.sh", ("SERVICE_APP_IMAGE_NAME", "cr1.example/nanodet/app:1"), ("NANODET_WORKER_NAME", "ca-worker"));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));

        // A tag may be moved: what was pushed is named by its digest, for both apps and for every later provision.
        Assert.Contains($"ca-coordinator and ca-worker run {Pinned}.", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"provider\": \"CUDA\"", run.Output, StringComparison.Ordinal);
        var calls = await CallsAsync();
        Assert.Equal(
            [
                "az acr repository show --only-show-errors --name cr1 --image nanodet/app:1 --query digest --output tsv",
                $"azd env set SERVICE_APP_IMAGE_NAME {Pinned}", $"image {Pinned}, preflight on, within ",
                "azd provision --no-prompt --no-state", $"image {Pinned}, preflight off, within true",
            ],
            calls[..5]);
        Assert.Contains("https://app.example/api/health", calls[5], StringComparison.Ordinal);
        Assert.Contains(calls, call => call.StartsWith("az storage blob delete", StringComparison.Ordinal));

        // What it sends when it is given nothing is an image.
        using var image = ImageDecoder.Decode(
            await File.ReadAllBytesAsync(Path.Combine(Folder.FullName, "uploaded"), TestContext.Current.CancellationToken), new ImageLimits());
        Assert.Equal((32, 32), (image.Width, image.Height));
    }

    [Fact]
    public async Task Postdeploy_ImageThatFails_FailsWithTheResult()
    {
        await NoteAsync("azd");
        await NoteAsync("curl", Live);
        await StorageAsync("""{ "status": "failed", "error": { "code": "model_not_served" } }""");

        var run = await RunAsync("postdeploy.sh", ("SERVICE_APP_IMAGE_NAME", "registry.example/app:1"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("model_not_served", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Postdeploy_WithoutAModel_SaysSoAndSendsNothing()
    {
        await NoteAsync("azd");
        await NoteAsync("curl", """echo '{ "live": true, "ready": false, "code": "model_not_found" }'""");
        await NoteAsync("sleep");
        await NoteAsync("az", "[ \"$3\" = show ] && echo sha256:1234 || echo false");

        var run = await RunAsync("postdeploy.sh", ("SERVICE_APP_IMAGE_NAME", "registry.example/app:1"));

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("No model is published yet", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(await CallsAsync(), call => call.Contains("upload", StringComparison.Ordinal));
    }

    /// <summary>Streaming is documented for pulls by tag only. Both apps pull by digest: a switch would promise what nobody gets.</summary>
    [Fact]
    public async Task Postdeploy_PremiumRegistry_PinsTheImageAndSwitchesNoStreamingOn()
    {
        await NoteAsync("azd", "echo \"image $SERVICE_APP_IMAGE_NAME\" >>\"$CALLS\"");
        await NoteAsync("curl", Live);
        await StorageAsync("""{ "status": "detected", "provider": "CUDA" }""");

        var run = await RunAsync("postdeploy.sh", ("SERVICE_APP_IMAGE_NAME", "cr1.example/nanodet/app:1"), ("NANODET_REGISTRY_SKU", "Premium"));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        var calls = await CallsAsync();
        Assert.Contains($"image {Pinned}", calls);
        Assert.Single(calls, call => call.StartsWith("az acr ", StringComparison.Ordinal));
        Assert.All(["postdeploy.sh", "postdeploy.ps1"], hook => Assert.DoesNotContain(
            "streaming", File.ReadAllText(Repository.PathOf("infra", "hooks", hook)), StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Postdeploy_ImageThatTheRegistryDoesNotKnow_FailsBeforeAnythingChanges()
    {
        await NoteAsync("azd");
        await NoteAsync("az");

        var run = await RunAsync("postdeploy.sh", ("SERVICE_APP_IMAGE_NAME", "cr1.example/nanodet/app:1"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("expected the registry to know the digest of nanodet/app:1", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(await CallsAsync(), call => call.StartsWith("azd", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Postdeploy_BeforeAzdDeployed_Fails()
    {
        await NoteAsync("azd");

        var run = await RunAsync("postdeploy.sh");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("SERVICE_APP_IMAGE_NAME", run.Error, StringComparison.Ordinal);
        Assert.Empty(await CallsAsync());
    }
}
