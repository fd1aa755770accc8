using Nanodet.Serverless.Infra.Tests.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Azd;

/// <summary>infra/down.sh: what is deleted, in which order, and what is looked at before.</summary>
public sealed class DownTests : HookTest
{
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
}
