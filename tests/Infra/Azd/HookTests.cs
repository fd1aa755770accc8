using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Infra.Tests.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Azd;

/// <summary>The hooks of azure.yaml with az, azd and curl that only note what they are asked for.</summary>
public sealed class HookTests : IDisposable
{
    private const string Pinned = "cr1.example/nanodet/app@sha256:1234";
    private const string Topic = "/subscriptions/2/resourceGroups/events/providers/Microsoft.EventGrid/topics/ends";
    private const string Assignments = "providers/Microsoft.Authorization/roleAssignments";
    private const string Live = """echo '{ "live": true, "ready": true }'""";

    /// <summary>What az says of the deployment's group: whose it is, its account, and what is left at the end.</summary>
    private const string Group = """
        case "$*" in
          "account show "*) echo "${SIGNED_IN:-1}" ;;
          "group show --name rg --query tags"*) echo "${OWNER:-test}" ;;
          "group show --name rg --query id "*) echo /subscriptions/1/resourceGroups/rg ;;
          *"--resource-type Microsoft.Storage/storageAccounts "*) printf '%s\n' other "${FOUND:-staccount}" ;;
          *"--query [].[type, name] "*) printf '%s\t%s\n' ${LEFT:-} Microsoft.Storage/storageAccounts staccount \
            microsoft.managedidentity/userassignedidentities id-coordinator-x ;;
        esac
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nanodet-hooks-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

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
            await File.ReadAllBytesAsync(Path.Combine(_folder.FullName, "uploaded"), TestContext.Current.CancellationToken), new ImageLimits());
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

    /// <summary>azd down deletes the group with all that is in it: not the images, unless somebody says so.</summary>
    [Fact]
    public async Task Predown_WithoutTheWord_StopsAndNamesTheAccountAndTheWays()
    {
        var run = await RunAsync("predown.sh");

        Assert.Equal(1, run.ExitCode);
        Assert.All(
            ["staccount", "infra/down.sh", "NANODET_DELETE_DATA true"],
            text => Assert.Contains(text, run.Error, StringComparison.Ordinal));
        Assert.Equal(0, (await RunAsync("predown.sh", ("NANODET_DELETE_DATA", "true"))).ExitCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Predown_TopicOfSomebody_ItsAssignmentIsNotedAndNotDeletedYet(bool isFound)
    {
        await IdentitiesAsync(
            ["p1"],
            [],
            [
                $"/subscriptions/1/a/{Assignments}/1 p1", $"/subscriptions/2/{Assignments}/3 p1", $"{Topic}/{Assignments}/2 p1",
                $"{Topic.ToLowerInvariant()}/{Assignments}/5 p1", $"{Topic}/{Assignments}/4 p2",
            ],
            isFound ? "true" : "exit 3");
        await NoteAsync("azd");

        var run = await RunAsync(
            "predown.sh", ("NANODET_DELETE_DATA", "true"), ("NANODET_JOB_END_TOPIC_ID", Topic), ("AZURE_RESOURCE_GROUP", "rg"));

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(isFound, run.Error.Length == 0);
        var calls = await CallsAsync();
        Assert.DoesNotContain(calls, call => call.Contains("delete", StringComparison.Ordinal));

        // Of the coordinator, and of nobody else; on the topic, and not on what it lies in.
        var noted = calls.SingleOrDefault(call => call.StartsWith("azd", StringComparison.Ordinal));
        Assert.Equal(isFound, noted is not null);
        if (isFound)
        {
            Assert.StartsWith("azd env set NANODET_TOPIC_ASSIGNMENTS /", noted, StringComparison.Ordinal);
            Assert.Equal(
                [$"{Topic}/{Assignments}/2", $"{Topic.ToLowerInvariant()}/{Assignments}/5"],
                noted!.Split(' ')[4..].Order(StringComparer.Ordinal));
        }
    }

    /// <summary>The second `azd down` finds no group and so no identity; what the first one could not delete is still to be deleted.</summary>
    [Theory]
    [InlineData(false, null)]
    [InlineData(true, "/t/0 /t/1")]
    public async Task Predown_AgainAfterAnEarlierRun_ForgetsNothing(bool isFound, string? noted)
    {
        await IdentitiesAsync(isFound ? ["p1"] : [], [], [$"/t/{Assignments}/1 p1"], "true");
        await NoteAsync("azd");

        var run = await RunAsync(
            "predown.sh",
            ("NANODET_DELETE_DATA", "true"), ("NANODET_JOB_END_TOPIC_ID", "/t"), ("AZURE_RESOURCE_GROUP", "rg"),
            ("NANODET_TOPIC_ASSIGNMENTS", isFound ? $"/t/0 /t/{Assignments}/1" : "/t/0"));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal(
            noted is null ? null : $"azd env set NANODET_TOPIC_ASSIGNMENTS {noted.Replace("/t/1", $"/t/{Assignments}/1", StringComparison.Ordinal)}",
            (await CallsAsync()).SingleOrDefault(call => call.StartsWith("azd", StringComparison.Ordinal)));
    }

    /// <summary>azd asks whether to delete after the hook before; who says no keeps everything.</summary>
    [Theory]
    [InlineData("false", true)]
    [InlineData("true", false)]
    public async Task Postdown_GroupThatIsGone_WhatIsLeftOutsideGoesToo(string exists, bool isGone)
    {
        await NoteAsync("az", $"[ \"$1\" != group ] || echo {exists}");
        await NoteAsync("azd");

        var run = await RunAsync("postdown.sh", ("AZURE_ENV_NAME", "test"), ("NANODET_TOPIC_ASSIGNMENTS", "/t/1 /t/2 "));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        var calls = await CallsAsync();
        Assert.Equal("az group exists --name rg-test --output tsv", calls[0]);
        Assert.Equal(
            isGone ? ["/t/1", "/t/2"] : [],
            calls.Where(call => call.StartsWith("az role assignment delete", StringComparison.Ordinal)).Select(call => call.Split(' ')[^1]));
        Assert.Equal(isGone, calls.Contains("azd env set NANODET_TOPIC_ASSIGNMENTS "));

        // The image is pinned by digest, and its registry went with the group. Somebody agreed once, and not for ever.
        Assert.Equal(isGone, calls.Contains("azd env set SERVICE_APP_IMAGE_NAME "));
        Assert.Equal(isGone, calls.Contains("azd env set NANODET_DELETE_DATA false"));
    }

    /// <summary>The group is gone: azd must not end with an error because somebody may not delete a right on somebody else's topic.</summary>
    [Fact]
    public async Task Postdown_AssignmentThatStays_IsSaidAndKeptForTheNextTime()
    {
        await NoteAsync("az", "case \"$*\" in group*) echo false ;; *\" /t/2\") echo denied >&2; exit 1 ;; esac");
        await NoteAsync("azd");

        var run = await RunAsync("postdown.sh", ("AZURE_ENV_NAME", "test"), ("NANODET_TOPIC_ASSIGNMENTS", "/t/1 /t/2 /t/3"));

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("az role assignment delete --ids /t/2\n", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("/t/1", run.Error, StringComparison.Ordinal);
        Assert.Contains("Deleted the role assignment /t/3", run.Output, StringComparison.Ordinal);
        var calls = await CallsAsync();
        Assert.Contains("azd env set NANODET_TOPIC_ASSIGNMENTS /t/2", calls);
        Assert.Contains("azd env set SERVICE_APP_IMAGE_NAME ", calls);
    }

    [Fact]
    public async Task Postdown_GroupThatCannotBeLookedUp_SaysWhatIsToBeDoneAndForgetsNothing()
    {
        await NoteAsync("az", "exit 1");
        await NoteAsync("azd");

        var run = await RunAsync("postdown.sh", ("AZURE_ENV_NAME", "test"), ("NANODET_TOPIC_ASSIGNMENTS", "/t/1"));

        Assert.Equal(0, run.ExitCode);
        Assert.All(
            ["SERVICE_APP_IMAGE_NAME", "NANODET_DELETE_DATA false", "az role assignment delete --ids /t/1"],
            text => Assert.Contains(text, run.Error, StringComparison.Ordinal));
        Assert.Single(await CallsAsync());
    }

    /// <summary>
    /// az has a subscription of its own. A hook must not ask it about a group of the same name in another one, nor delete there.
    /// </summary>
    [Theory]
    [InlineData("postprovision.sh", 3)]
    [InlineData("postdeploy.sh", 5)]
    [InlineData("predown.sh", 1)]
    [InlineData("postdown.sh", 1)]
    public async Task Hooks_EachCallThatNamesNoSubscription_IsGivenThatOfTheDeployment(string hook, int least)
    {
        await NoteAsync("azd");
        await NoteAsync("curl", Live);
        await StorageAsync("""{ "status": "detected", "provider": "CUDA" }""", "case \"$*\" in group*) echo false ;; identity*) echo p1 ;; esac");

        var run = await RunAsync(
            hook,
            ("AZURE_SUBSCRIPTION_ID", "1"), ("AZURE_ENV_NAME", "test"), ("NANODET_CHECKPOINT", await FileAsync("a.pth")),
            ("NANODET_CONFIG", await FileAsync("a.yml")), ("SERVICE_APP_IMAGE_NAME", "cr1.example/nanodet/app:1"), ("NANODET_DELETE_DATA", "true"),
            ("NANODET_JOB_END_TOPIC_ID", Topic), ("NANODET_TOPIC_ASSIGNMENTS", $"{Topic}/{Assignments}/1"));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        var calls = (await CallsAsync()).Where(call => call.StartsWith("az ", StringComparison.Ordinal))
            .Where(call => !call.Contains(" /subscriptions/", StringComparison.Ordinal)).ToArray();
        Assert.True(calls.Length >= least);
        Assert.All(calls, call => Assert.EndsWith(" --subscription 1", call, StringComparison.Ordinal));
    }

    /// <summary>
    /// The names of role assignments come back with the template. Those of the apps' identities may stay, as their identities stay. The
    /// identity of Event Grid's topic goes with it: its assignments on the account could not be made again for the next one.
    /// </summary>
    [Fact]
    public async Task Down_RoleAssignmentsOfTheTemplate_OnlyThoseOfTheTopicGo()
    {
        var template = await Template.EvaluateFullAsync();
        var assignments = template.RoleAssignments.Select((assignment, i) => (assignment.Principal, Id: assignment.Scope.Contains(
            "EventGrid/topics", StringComparison.Ordinal)
            ? $"{Topic}/{Assignments}/{i}"
            : $"/subscriptions/1/resourceGroups/rg/providers/{assignment.Scope}/{Assignments}/{i}")).ToArray();
        var identities = template.NamesOf("Microsoft.ManagedIdentity/userAssignedIdentities").Select(template.WithoutToken).ToArray();
        var topics = template.NamesOf("Microsoft.EventGrid/systemTopics").Select(template.WithoutToken).ToArray();
        const string first = """
            for type in Microsoft.App/containerApps Microsoft.EventGrid/systemTopics Microsoft.ManagedIdentity/userAssignedIdentities; do
              case "$*" in *"--resource-type $type "*"[].id "*) echo /subscriptions/1/resourceGroups/rg/providers/$type/x ;; esac
            done
            """;
        string[] outside =
            [$"/subscriptions/1/{Assignments}/a {topics[0]}", $"/subscriptions/1/resourceGroups/rg2/{Assignments}/b {topics[0]}"];
        await IdentitiesAsync(identities, topics, assignments.Select(assignment => $"{assignment.Id} {assignment.Principal}").Concat(outside), first);

        var run = await RunAsync("../down.sh", ("AZURE_RESOURCE_GROUP", "rg"), ("NANODET_JOB_END_TOPIC_ID", Topic));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        var deleted = (await CallsAsync()).Where(call => call.Contains(" delete ", StringComparison.Ordinal)).Select(call => call.Split(' ')[^1]).ToArray();
        Assert.EndsWith("containerApps/x", deleted[0], StringComparison.Ordinal);
        Assert.EndsWith("systemTopics/x", deleted[^1], StringComparison.Ordinal);
        var expected = assignments.Where(assignment => assignment.Principal == topics[0]).Select(assignment => assignment.Id).ToArray();
        Assert.Equal(2, expected.Length);
        Assert.Equal(expected.Order(), deleted[1..^1].Order());

        // What stays is of somebody who stays: the next provision makes the same again.
        Assert.Equal(["id-coordinator", "id-worker"], identities.Order());
        Assert.All(
            assignments.Where(assignment => !expected.Contains(assignment.Id)),
            assignment => Assert.True(identities.Contains(assignment.Principal) || Guid.TryParse(assignment.Principal, out _), assignment.Principal));
    }

    /// <summary>The topic must not go while its assignments are not known.</summary>
    [Fact]
    public async Task Down_AssignmentsThatCannotBeLookedUp_EndsIt()
    {
        await IdentitiesAsync([], ["p1"], [], "[ \"$1\" != rest ] || exit 3");

        Assert.NotEqual(0, (await RunAsync("../down.sh", ("AZURE_RESOURCE_GROUP", "rg"))).ExitCode);
        Assert.DoesNotContain(await CallsAsync(), call => call.Contains("systemTopics --query [].id ", StringComparison.Ordinal));
    }

    /// <summary>A group of the same name may be in the subscription that az happens to use, and be somebody's production.</summary>
    [Theory]
    [InlineData("SIGNED_IN", "2", "az uses subscription 2, this deployment is in 1. Nothing was deleted. Run 'az account set --subscription 1'")]
    [InlineData("OWNER", "production", "expected tag azd-env-name of resource group rg to be 'test', found 'production'. Nothing was deleted.")]
    [InlineData("FOUND", "stother", "expected storage account staccount in resource group rg of subscription 1, found 'other\nstother'. Nothing was")]
    [InlineData("FOUND", "staccount2", "expected storage account staccount in resource group rg")]
    public async Task Down_DeploymentThatIsElsewhere_DeletesNothing(string setting, string value, string error)
    {
        await IdentitiesAsync([], ["p1"], [$"/subscriptions/1/resourceGroups/rg/{Assignments}/1 p1"], """
            case "$*" in *"--query [].id "*) echo /subscriptions/1/resourceGroups/rg/providers/x/y ;; esac
            """);
        await NoteAsync("azd");

        var run = await RunAsync(
            "../down.sh", ("AZURE_RESOURCE_GROUP", "rg"), ("AZURE_SUBSCRIPTION_ID", "1"), ("AZURE_ENV_NAME", "test"), (setting, value));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
        var calls = await CallsAsync();
        Assert.DoesNotContain(calls, call => call.Contains(" delete ", StringComparison.Ordinal) || call.StartsWith("azd", StringComparison.Ordinal));
        Assert.NotEmpty(calls);
    }

    /// <summary>Ids of subscriptions are the same in either case of their letters.</summary>
    [Fact]
    public async Task Down_DeploymentThatIsHere_SaysWhatIsLeftAndHowItComesBack()
    {
        await IdentitiesAsync([], [], [], "true");

        var run = await RunAsync(
            "../down.sh", ("AZURE_RESOURCE_GROUP", "rg"), ("AZURE_SUBSCRIPTION_ID", "ABC"), ("AZURE_ENV_NAME", "test"), ("SIGNED_IN", "abc"));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));

        // azd does not see what was deleted without it, and would find nothing to do.
        Assert.Contains("azd provision --no-state && azd deploy", run.Output.Split('\n')[^2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Down_SomethingElseThatIsLeft_IsAnError()
    {
        await IdentitiesAsync([], [], [], "true");

        var run = await RunAsync("../down.sh", ("AZURE_RESOURCE_GROUP", "rg"), ("LEFT", "Microsoft.Web/sites site1"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("and identities to be left in rg, found:\nMicrosoft.Web/sites site1\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Down_Everything_KeepsTheAccountAndAppsGoBeforeTheirEnvironment()
    {
        await NoteAsync("az", Group + "\n" + """
            case "$*" in
              *"--resource-type Microsoft.App/containerApps "*) echo /subscriptions/1/resourceGroups/rg/providers/Microsoft.App/containerApps/ca ;;
              *"--resource-type Microsoft.App/managedEnvironments "*) echo /subscriptions/1/resourceGroups/rg/providers/Microsoft.App/managedEnvironments/cae ;;
            esac
            """);

        var run = await RunAsync("../down.sh", ("AZURE_RESOURCE_GROUP", "rg"));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        var deleted = (await CallsAsync()).Where(call => call.StartsWith("az resource delete", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["ca", "cae"], deleted.Select(call => call.Split('/')[^1]));
        Assert.DoesNotContain(deleted, call => call.Contains("Microsoft.Storage", StringComparison.Ordinal));
        Assert.Contains("Storage account staccount is left in rg.", run.Output, StringComparison.Ordinal);
    }

    /// <summary>The image is pinned by digest, and its registry goes. In another azd environment its name means another deployment.</summary>
    [Theory]
    [InlineData("echo staccount", true)]
    [InlineData("echo stother", false)]
    [InlineData("exit 1", false)]
    public async Task Down_NameOfTheImage_GoesWithItsRegistry(string azd, bool isForgotten)
    {
        await IdentitiesAsync(["p1"], [], [], """
            for type in Microsoft.App/containerApps Microsoft.ContainerRegistry/registries; do
              case "$*" in *"--resource-type $type "*) echo /subscriptions/1/resourceGroups/rg/providers/$type/x ;; esac
            done
            """);
        await NoteAsync("azd", $"[ \"$2\" != get-value ] || {azd}");

        var run = await RunAsync("../down.sh", ("AZURE_RESOURCE_GROUP", "rg"));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        var calls = await CallsAsync();
        var at = Array.IndexOf(calls, "azd env set SERVICE_APP_IMAGE_NAME ");
        Assert.Equal(isForgotten, at > 0);
        if (isForgotten)
        {
            Assert.EndsWith("registries/x", calls[..at].Last(call => call.Contains("resource delete", StringComparison.Ordinal)), StringComparison.Ordinal);
        }

        Assert.NotEqual(isForgotten, run.Output.Contains("azd env set SERVICE_APP_IMAGE_NAME \"\"", StringComparison.Ordinal));
    }

    /// <summary>Application Insights brings two resources of its own, with spaces in their names.</summary>
    [Fact]
    public async Task Down_NamesWithSpaces_AreDeletedWhole()
    {
        const string Rule = "/subscriptions/1/resourceGroups/rg/providers/microsoft.alertsmanagement/smartDetectorAlertRules/Failure Anomalies - appi";
        const string Brought = "/subscriptions/1/resourceGroups/rg/providers/microsoft.insights/actionGroups/Application Insights Smart Detection";
        await NoteAsync("az", Group + "\n" + $"""
            case "$*" in
              "resource delete "*) [ $# = 5 ] || exit 1 ;;
              *smartDetectorAlertRules*) echo '{Rule}' ;;
              *actionGroups*) printf '%s\n' '{Brought}' /subscriptions/1/resourceGroups/rg/providers/microsoft.insights/actionGroups/ag ;;
            esac
            """);

        var run = await RunAsync("../down.sh", ("AZURE_RESOURCE_GROUP", "rg"));

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal(
            [Rule, Brought, "/subscriptions/1/resourceGroups/rg/providers/microsoft.insights/actionGroups/ag"],
            (await CallsAsync()).Where(call => call.StartsWith("az resource delete", StringComparison.Ordinal))
                .Select(call => call[(call.IndexOf("--ids ", StringComparison.Ordinal) + 6)..]));
    }

    [Fact]
    public async Task Down_ResourceThatStays_EndsIt()
    {
        await NoteAsync("az", Group + "\n" + """
            case "$*" in
              "resource delete "*) exit 3 ;;
              *"--resource-type Microsoft.App/containerApps "*) echo /subscriptions/1/resourceGroups/rg/providers/Microsoft.App/containerApps/ca ;;
            esac
            """);

        Assert.NotEqual(0, (await RunAsync("../down.sh", ("AZURE_RESOURCE_GROUP", "rg"))).ExitCode);
        Assert.Single(await CallsAsync(), call => call.StartsWith("az resource delete", StringComparison.Ordinal));
    }

    /// <summary>What the template can make and the script does not know would stay and cost.</summary>
    [Fact]
    public async Task Down_EachTypeOfTheTemplate_IsDeleted()
    {
        string[] scripts =
            [File.ReadAllText(Repository.PathOf("infra", "down.sh")), File.ReadAllText(Repository.PathOf("infra", "down.ps1"))];
        string[] kept =
        [
            "Microsoft.Resources/resourceGroups", "Microsoft.Storage/storageAccounts", "Microsoft.ManagedIdentity/userAssignedIdentities",
            "Microsoft.Consumption/budgets",
        ];
        string[] inside = ["Microsoft.Insights/diagnosticSettings"];
        var types = (await Template.EvaluateFullAsync()).Resources.Concat((await Template.EvaluateScheduledAsync()).Resources)
            .Select(resource => resource.GetProperty("type").GetString()!)
            .Where(type => type.Count(letter => letter == '/') == 1).Distinct().Except(kept).Except(inside).ToArray();

        Assert.True(types.Length > 10);
        Assert.All(types.Append("Microsoft.AlertsManagement/smartDetectorAlertRules"), type => Assert.All(scripts, script => Assert.Contains(type, script, StringComparison.Ordinal)));
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

    /// <summary>A command that notes its arguments and then does something.</summary>
    private async Task NoteAsync(string command, string then = "true")
    {
        var path = Path.Combine(_folder.FullName, command);
        await File.WriteAllTextAsync(path, $"#!/bin/sh\necho \"{command} $*\" >>\"$CALLS\"\n{then}\n", Token);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>az with every blob there; an upload is kept, a download gives the result, the registry knows the image.</summary>
    private Task StorageAsync(string result, string first = "true") => NoteAsync("az", $$"""
        {{first}}
        file=$(echo "$*" | sed -n 's/.*--file \([^ ]*\).*/\1/p')
        case "$3" in
          show) echo sha256:1234 ;;
          exists) echo true ;;
          upload) cp "$file" "{{_folder.FullName}}/uploaded" ;;
          download) echo '{{result}}' >"$file" ;;
        esac
        """);

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

    /// <summary>
    /// az with the principals of coordinators and of Event Grid's topics, and role assignments: an id and its principal each. As Azure, it names
    /// those at a scope, below it and above it.
    /// </summary>
    private async Task IdentitiesAsync(string[] coordinators, string[] topics, IEnumerable<string> assignments, string first)
    {
        await File.WriteAllLinesAsync(Path.Combine(_folder.FullName, "assignments"), assignments, Token);
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
                  $2 == principal && (index(tolower($1), tolower(scope)) == 1 || index(scope, at) == 1) { print $1 }' "{{_folder.FullName}}/assignments" ;;
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

    private async Task<string> FileAsync(string name)
    {
        var path = Path.Combine(_folder.FullName, name);
        await File.WriteAllTextAsync(path, name, Token);
        return path;
    }

    private async Task<string[]> CallsAsync()
    {
        var path = Path.Combine(_folder.FullName, "calls");
        return File.Exists(path) ? await File.ReadAllLinesAsync(path, Token) : [];
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string hook, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("sh", [Repository.PathOf("infra", "hooks", hook)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{_folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["CALLS"] = Path.Combine(_folder.FullName, "calls");
        start.Environment.Remove("AZURE_SUBSCRIPTION_ID");
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
