namespace Nanodet.Serverless.Infra.Tests.Azd;

/// <summary>The hooks before and after azd down: what is agreed to, noted and forgotten.</summary>
public sealed class AzdDownTests : HookTest
{
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
}
