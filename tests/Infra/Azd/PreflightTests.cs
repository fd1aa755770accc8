using System.Diagnostics;

namespace Nanodet.Serverless.Infra.Tests.Azd;

/// <summary>The preflight with an az and an azd that answer as in a subscription where all is well, but for what a test says.</summary>
public sealed class PreflightTests : IDisposable
{
    private static readonly Dictionary<string, string> Well = new()
    {
        ["version "] = "echo 2.80.0",
        ["bicep version"] = "echo 'Bicep CLI version 0.38.33 (abc)'",
        ["account show"] = "printf '1111\\tEnabled\\tPay as you go\\n'",
        ["provider list"] = "printf 'Microsoft.%s\\n' App ContainerRegistry EventGrid Insights ManagedIdentity OperationalInsights Storage",
        ["containerapp env workload-profile"] = "printf 'Consumption\\nConsumption-GPU-NC8as-T4\\n'",
        ["rest "] = "printf 'SubscriptionConsumptionT4Gpus\\t1\\t9\\n'",
        ["group exists"] = "echo false",
        ["group show --name rg-test --query location "] = "echo swedencentral",
        ["group show"] = "echo test",
    };

    /// <summary>A deployment of two apps with a T4, as az shows it.</summary>
    private static readonly Dictionary<string, string> Deployed = new()
    {
        ["group exists"] = "echo true",
        ["resource list --resource-group rg-test --resource-type Microsoft.App/containerApps "] = "printf 'ca-coordinator-x\\nca-worker-x\\n'",
        ["resource list --resource-group rg-test --resource-type Microsoft.App/managedEnvironments "] = "echo /env",
        ["resource show --ids /env --query properties.vnetConfiguration.infrastructureSubnetId "] = "true",
        ["resource show --ids /env --query properties.workloadProfiles"] =
            "printf 'Consumption\\tConsumption\\ngpu-t4\\tConsumption-GPU-NC8as-T4\\n'",
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nanodet-preflight-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Preflight_WhereAllIsWell_SaysOkToEveryCheckAndCreatesNothing()
    {
        var run = await RunAsync([], ("NANODET_ALERT_EMAIL", "a@example.com"));

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            [
                "ok     az 2.80.0", "ok     azd 1.22.0", "ok     bicep 0.38.33", "ok     subscription 1111 is enabled",
                "ok     resource providers are registered", "ok     swedencentral offers Consumption-GPU-NC8as-T4",
                "ok     quota for 8 T4 GPU(s) in swedencentral", "ok     resource group rg-test is free",
                "Preflight found nothing that stands in the way.",
            ],
            run.Lines);
    }

    [Theory]
    [InlineData("version ", "echo 2.9.1", "error  az: expected 2.70.0 or later, found 2.9.1: https://learn.microsoft.com/")]
    [InlineData("bicep version", "echo 'Bicep CLI version 0.4.1 (x)'", "error  bicep: expected 0.36.0 or later, found 0.4.1: az bicep up")]
    [InlineData("account show", "exit 1", "error  az is not signed in: run 'az login'")]
    [InlineData("account show", "printf '1111\\tDisabled\\tx\\n'", "error  subscription 1111: expected state Enabled, found 'Disabled'")]
    [InlineData("account show", "printf '2222\\tEnabled\\tx\\n'", "error  az uses subscription 2222, azd uses 1111: run 'az account set")]
    [InlineData("provider list", "echo Microsoft.App", "error  provider Microsoft.Storage is not registered: az provider register")]
    [InlineData("containerapp env workload-profile", "echo Consumption", "error  swedencentral does not offer Consumption-GPU-NC8as-T4")]
    [InlineData("rest ", "printf 'SubscriptionConsumptionT4Gpus\\t0\\t0\\n'", "error  no quota for T4 GPUs in swedencentral: ask for it in the portal")]
    public async Task Preflight_AnAnswerOfAzure_IsSeen(string command, string answer, string line)
    {
        var run = await RunAsync(new() { [command] = answer });

        Assert.Contains(run.Lines, said => said.StartsWith(line, StringComparison.Ordinal));
        Assert.Equal(line.StartsWith("error", StringComparison.Ordinal) ? 1 : 0, run.ExitCode);
    }

    /// <summary>
    /// Microsoft's rules for a monthly budget: it begins with a month, this one or one of the next twelve, and keeps the one that it was made with.
    /// It is November 2026 here.
    /// </summary>
    [Theory]
    [InlineData("2026-11-01", null, null)]
    [InlineData("2027-11-01", null, null)]
    [InlineData("2027-12-01", null, "NANODET_BUDGET_START: expected at most twelve months after 2026-11-01, found '2027-12-01'")]
    [InlineData("2026-10-01", null, "NANODET_BUDGET_START: expected this month or a later one, found '2026-10-01': azd env set NANODET_BUDGET_START 2026-11-01")]
    [InlineData("2026-11-02", null, "NANODET_BUDGET_START: expected the first day of a month, such as 2026-11-01, found '2026-11-02'")]
    [InlineData("2026-13-01", null, "NANODET_BUDGET_START: expected the first day of a month, such as 2026-11-01, found '2026-13-01'")]
    [InlineData("November", null, "NANODET_BUDGET_START: expected the first day of a month, such as 2026-11-01, found 'November'")]
    [InlineData("2026-08-01", "echo 2026-08-01T00:00:00Z", null)]
    [InlineData("2026-11-01", "echo 2026-08-01T00:00:00Z", "NANODET_BUDGET_START is 2026-11-01, and the budget keeps the day that it was made with: azd env set NANODET_BUDGET_START 2026-08-01")]
    [InlineData("2026-11-01", "true", null)]
    [InlineData("2026-10-01", "true", "NANODET_BUDGET_START: expected this month or a later one, found '2026-10-01'")]
    [InlineData("2026-10-01", "exit 1", null)]
    public async Task Preflight_MonthOfABudget_IsOneThatAzureTakes(string start, string? budgets, string? error)
    {
        await StandIns.WriteAsync(_folder, "date", "[ \"$*\" = '-u +%Y-%m-01' ] && echo 2026-11-01", Token);

        var run = await RunAsync(
            new(budgets is null ? [] : Deployed)
            {
                ["provider list"] = $"{Well["provider list"]} Consumption",
                ["rest --method get --url /subscriptions/1111/resourceGroups/rg-test/providers/Microsoft.Consumption/budgets?"] = budgets ?? "exit 9",
            },
            ("NANODET_MONTHLY_BUDGET", "100"), ("NANODET_ALERT_EMAIL", "a@example.com"), ("NANODET_BUDGET_START", start));

        Assert.Equal(error is null ? 0 : 1, run.ExitCode);
        Assert.Equal(error is null ? [] : [$"error  {error}"], run.Lines.Where(line => line.StartsWith("error", StringComparison.Ordinal))
            .Select(line => error is not null && line.StartsWith($"error  {error}", StringComparison.Ordinal) ? $"error  {error}" : line));
        Assert.Equal(budgets == "exit 1", run.Lines.Any(line => line.StartsWith("warn   the budgets of rg-test cannot be read", StringComparison.Ordinal)));
    }

    /// <summary>The command of the first page, on whatever day somebody reads it.</summary>
    [Fact]
    public async Task Preflight_MonthOfTheFirstPage_IsOneThatAzureTakes()
    {
        const string Command = "azd env set NANODET_BUDGET_START ";
        var line = Assert.Single(
            await File.ReadAllLinesAsync(Repository.PathOf("docs", "deploy.md"), Token), line => line.StartsWith(Command, StringComparison.Ordinal));
        var start = new ProcessStartInfo("sh", ["-c", $"printf %s {line[Command.Length..]}"]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var month = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);

        var run = await RunAsync(
            new() { ["provider list"] = $"{Well["provider list"]} Consumption" },
            ("NANODET_MONTHLY_BUDGET", "100"), ("NANODET_ALERT_EMAIL", "a@example.com"), ("NANODET_BUDGET_START", month));

        Assert.Equal(0, run.ExitCode);
    }

    /// <summary>A100 have a quota for dedicated profiles beside that of the consumption profile, which is the one that is used.</summary>
    [Theory]
    [InlineData("SubscriptionNCA100Gpus\\t0\\t0\\nSubscriptionConsumptionNCA100Gpus\\t0\\t5\\n", "ok     quota for 5 A100 GPU(s)", 0)]
    [InlineData("SubscriptionConsumptionNCA100Gpus\\t1\\t5\\nSubscriptionNCA100Gpus\\t0\\t0\\n", "ok     quota for 4 A100 GPU(s)", 0)]
    [InlineData("SubscriptionNCA100Gpus\\t0\\t9\\nSubscriptionConsumptionNCA100Gpus\\t0\\t0\\n", "error  no quota for A100 GPUs", 1)]
    [InlineData("SubscriptionNCA100Gpus\\t0\\t9\\n", "warn   the quota for A100 GPUs in swedencentral cannot be read", 0)]
    public async Task Preflight_QuotaOfDedicatedProfiles_DoesNotCount(string usages, string line, int exitCode)
    {
        var run = await RunAsync(
            new()
            {
                ["rest "] = $"printf '{usages}'",
                ["containerapp env workload-profile"] = "printf 'Consumption\\nConsumption-GPU-NC24-A100\\n'",
            },
            ("NANODET_HOSTING", "gpu-a100"));

        Assert.Contains(run.Lines, said => said.StartsWith(line, StringComparison.Ordinal));
        Assert.Equal(exitCode, run.ExitCode);
    }

    /// <summary>Apps, network and profiles of a deployment do not become those of other settings.</summary>
    [Theory]
    [InlineData("NANODET_HOSTING", "gpu-t4", null)]
    [InlineData("NANODET_MAX_WORKERS", "5", null)]
    [InlineData("NANODET_PRIVATE_NETWORK", "false", null)]
    [InlineData("AZURE_LOCATION", "Sweden Central", null)]
    [InlineData("AZURE_LOCATION", "westus3", "AZURE_LOCATION is westus3, and resource group rg-test is in swedencentral")]
    [InlineData("NANODET_TOPOLOGY", "single", "NANODET_TOPOLOGY is single, and ca-coordinator-x, ca-worker-x of the other one would go on")]
    [InlineData("NANODET_PRIVATE_NETWORK", "true", "NANODET_PRIVATE_NETWORK is true, and the apps' environment was made with false")]
    [InlineData("AZURE_LOCATION", "SwedenCentral", null)]
    [InlineData("NANODET_GPU_PROFILE_TYPE", "consumption-gpu-nc8as-t4", null)]
    [InlineData("NANODET_HOSTING", "cpu", "NANODET_HOSTING is cpu, and an app uses profile gpu-t4 (Consumption-GPU-NC8as-T4), which")]
    [InlineData("NANODET_HOSTING", "gpu-a100", "NANODET_HOSTING is gpu-a100 (Consumption-GPU-NC24-A100), and an app uses profile gpu-t4 (")]
    [InlineData("NANODET_GPU_PROFILE_TYPE", "Consumption-GPU-Other", "NANODET_HOSTING is gpu-t4 (Consumption-GPU-Other), and an app uses")]
    public async Task Preflight_SettingThatADeploymentCannotTake_IsAnError(string setting, string value, string? error)
    {
        var run = await RunAsync(
            new(Deployed)
            {
                ["provider list"] = $"{Well["provider list"]} Network",
                ["containerapp env workload-profile"] = $"printf '%s\\n' Consumption-GPU-NC8as-T4 Consumption-GPU-NC24-A100 Consumption-GPU-Other",
            },
            (setting, value));

        Assert.Contains("ok     resource group rg-test is this environment's", run.Lines);
        Assert.Equal(error is null ? 0 : 1, run.ExitCode);
        var errors = run.Lines.Where(line => line.StartsWith("error", StringComparison.Ordinal)).ToArray();
        if (error is not null)
        {
            Assert.StartsWith($"error  {error}", Assert.Single(errors), StringComparison.Ordinal);
            Assert.Contains("set it back", errors[0], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("split", "ca-nanodet-x", "error  NANODET_TOPOLOGY is split, and ca-nanodet-x of the other one")]
    [InlineData("single", "ca-nanodet-x", null)]
    public async Task Preflight_TheOneAppOfADeployment_IsNotTwo(string topology, string app, string? error)
    {
        var run = await RunAsync(
            new(Deployed) { ["resource list --resource-group rg-test --resource-type Microsoft.App/containerApps "] = $"echo {app}" },
            ("NANODET_TOPOLOGY", topology));

        Assert.Equal(error is not null, run.Lines.Any(line => line.StartsWith(error ?? "error", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("true", "/subnet", null)]
    [InlineData("false", "/subnet", "error  NANODET_PRIVATE_NETWORK is false, and the apps' environment was made with true")]
    public async Task Preflight_NetworkOfADeployment_Stays(string wanted, string subnet, string? error)
    {
        var run = await RunAsync(
            new(Deployed)
            {
                ["provider list"] = $"{Well["provider list"]} Network",
                ["resource show --ids /env --query properties.vnetConfiguration.infrastructureSubnetId "] = $"echo {subnet}",
            },
            ("NANODET_PRIVATE_NETWORK", wanted));

        Assert.Equal(error is not null, run.Lines.Any(line => line.StartsWith(error ?? "error", StringComparison.Ordinal)));
    }

    /// <summary>A profile can be added: no claim is made that it works.</summary>
    [Fact]
    public async Task Preflight_GpuForADeploymentWithoutOne_IsAWarning()
    {
        var run = await RunAsync(
            new(Deployed) { ["resource show --ids /env --query properties.workloadProfiles"] = "printf 'Consumption\\tConsumption\\n'" });

        Assert.Equal(0, run.ExitCode);
        Assert.Contains(run.Lines, line => line.StartsWith("warn   NANODET_HOSTING=gpu-t4 gives a GPU", StringComparison.Ordinal));
    }

    /// <summary>What is left by infra/down.sh can become anything.</summary>
    [Fact]
    public async Task Preflight_WhereNothingIsDeployed_TakesEverySetting()
    {
        var run = await RunAsync(
            Deployed.ToDictionary(pair => pair.Key, pair => pair.Key == "group exists" ? pair.Value : "true"),
            ("NANODET_TOPOLOGY", "single"), ("NANODET_HOSTING", "cpu"));

        Assert.Equal(0, run.ExitCode);
    }

    /// <summary>azd keeps the image's name when the registry is deleted; the apps could not start with it.</summary>
    [Theory]
    [InlineData("", "", "error  SERVICE_APP_IMAGE_NAME: there is no registry cr1 for the image cr1.azurecr.io/nanodet/app@sha256:1234: azd env set")]
    [InlineData("cr1", "", "warn   registry cr1 does not show the image cr1.azurecr.io/nanodet/app@sha256:1234: if it is gone, azd env set")]
    [InlineData("cr1", "sha256:1234", "ok     registry cr1 has the image")]
    public async Task Preflight_ImageOfARegistry_IsLookedFor(string registry, string digest, string line)
    {
        var run = await RunAsync(
            new()
            {
                ["resource list --resource-type Microsoft.ContainerRegistry/registries --name cr1 "] = $"echo {registry}",
                ["acr repository show --name cr1 --image nanodet/app@sha256:1234 "] = digest.Length > 0 ? $"echo {digest}" : "exit 1",
            },
            ("SERVICE_APP_IMAGE_NAME", "cr1.azurecr.io/nanodet/app@sha256:1234"));

        Assert.Contains(run.Lines, said => said.StartsWith(line, StringComparison.Ordinal));
        Assert.Equal(line.StartsWith("error", StringComparison.Ordinal) ? 1 : 0, run.ExitCode);
    }

    [Theory]
    [InlineData("rest ", "true", "warn   the quota for T4 GPUs in swedencentral cannot be read")]
    [InlineData(
        "rest ", "printf 'SubscriptionConsumptionT4Gpus\\t0\\t2\\n'",
        "warn   quota for 2 more of 2 T4 GPU(s) in swedencentral, fewer than the 3 workers that may run")]
    [InlineData(
        "rest ", "printf 'SubscriptionConsumptionT4Gpus\\t3\\t3\\n'",
        "warn   quota for 0 more of 3 T4 GPU(s) in swedencentral, fewer than the 3 workers that may run")]
    [InlineData("containerapp env workload-profile", "true", "warn   the workload profiles of swedencentral cannot be listed")]
    public async Task Preflight_WhatMayStillWork_IsAWarning(string command, string answer, string line)
    {
        var run = await RunAsync(new() { [command] = answer });

        Assert.Contains(run.Lines, said => said.StartsWith(line, StringComparison.Ordinal));
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task Preflight_GroupOfSomebodyElse_IsAnError()
    {
        var run = await RunAsync(new() { ["group exists"] = "echo true", ["group show"] = "echo other" });

        Assert.Contains(run.Lines, line => line.StartsWith("error  resource group rg-test is somebody else's", StringComparison.Ordinal));
        Assert.Equal(1, run.ExitCode);
    }

    /// <summary>What is asked after it would be answered of another subscription.</summary>
    [Theory]
    [InlineData("2222", true)]
    [InlineData("ABC", false)]
    public async Task Preflight_AzInAnotherSubscription_AsksNothingMore(string subscription, bool isOther)
    {
        var run = await RunAsync(
            new() { ["account show"] = $"printf '{subscription.ToLowerInvariant()}\\tEnabled\\tx\\n'" }, ("AZURE_SUBSCRIPTION_ID", isOther ? "1111" : subscription));

        Assert.Equal(isOther ? 1 : 0, run.ExitCode);
        Assert.NotEqual(isOther, run.Lines.Contains("ok     resource group rg-test is free"));
    }

    /// <summary>azd takes several words for true, and the template a number: what is none of those it takes is named.</summary>
    [Theory]
    [InlineData("NANODET_PRIVATE_NETWORK", "True", "error  NANODET_PRIVATE_NETWORK: expected true or false, found 'True'")]
    [InlineData("NANODET_PRIVATE_NETWORK", "1", "error  NANODET_PRIVATE_NETWORK: expected true or false, found '1'")]
    [InlineData("NANODET_MAX_WORKERS", "three", "error  NANODET_MAX_WORKERS: expected a number from 1 to 100, found 'three'")]
    [InlineData("NANODET_MAX_WORKERS", "-1", "error  NANODET_MAX_WORKERS: expected a number from 1 to 100, found '-1'")]
    [InlineData("NANODET_MAX_WORKERS", "0", "error  NANODET_MAX_WORKERS: expected a number from 1 to 100, found '0'")]
    [InlineData("NANODET_MAX_WORKERS", "101", "error  NANODET_MAX_WORKERS: expected a number from 1 to 100, found '101'")]
    [InlineData("NANODET_MAX_WORKERS", "99999999999", "error  NANODET_MAX_WORKERS: expected a number from 1 to 100, found '99999999999'")]
    public async Task Preflight_SettingOfAnotherKind_IsNamed(string setting, string value, string error)
    {
        var run = await RunAsync([], (setting, value));

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(error, Assert.Single(run.Lines, line => line.StartsWith("error", StringComparison.Ordinal)));
    }

    /// <summary>azd escapes the exclamation mark, and writes whole numbers anew: 007 is 7 in its list.</summary>
    [Fact]
    public async Task Preflight_ByHand_TakesAzdsSettingsAsTheyAre()
    {
        var values = Path.Combine(_folder.FullName, "values");
        await File.WriteAllTextAsync(
            values, "AZURE_ENV_NAME=7\nNANODET_TOPOLOGY=\"what\\! $(x)\"\n".Replace("$(x)", "\\$(exit 9)", StringComparison.Ordinal), Token);

        var run = await RunAsync(new() { ["group exists --name rg-007"] = "echo false" }, ("VALUES", values), ("AZURE_ENV_NAME", string.Empty));

        Assert.Contains("error  NANODET_TOPOLOGY: expected split or single, found 'what! $(exit 9)'", run.Lines);
        Assert.Contains("ok     resource group rg-007 is free", run.Lines);
    }

    /// <summary>Of the same two, a script that is run by hand takes what its shell says.</summary>
    [Theory]
    [InlineData("NANODET_TOPOLOGY", "one", "error  NANODET_TOPOLOGY: expected split or single, found 'one'")]
    [InlineData("NANODET_TOPOLOGY", "", "error  NANODET_TOPOLOGY: expected split or single, found 'of azd, with $HOME'")]
    [InlineData("NANODET_MAX_WORKERS", "5", "error  NANODET_TOPOLOGY: expected split or single, found 'of azd, with $HOME'")]
    public async Task Preflight_ByHand_PrefersTheShellsSettingsToAzds(string name, string value, string line)
    {
        var values = Path.Combine(_folder.FullName, "values");
        await File.WriteAllTextAsync(
            values, "AZURE_ENV_NAME=\"test\"\nAZURE_LOCATION=\"swedencentral\"\nNANODET_TOPOLOGY=\"of azd, with \\$HOME\"\nnot a setting\n", Token);

        var run = await RunAsync([], ("VALUES", values), ("AZURE_ENV_NAME", string.Empty), (name, value));

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(line, Assert.Single(run.Lines, said => said.StartsWith("error", StringComparison.Ordinal)));
    }

    /// <summary>After `azd down` the identity is another one, which nobody has given a right on the vault.</summary>
    [Theory]
    [InlineData(false, "", true)]
    [InlineData(true, "true", true)]
    [InlineData(true, "echo id-coordinator-x", false)]
    public async Task Preflight_VaultWithoutTheIdentityThatReadsIt_IsAWarning(bool isDeployed, string identities, bool isWarned)
    {
        var run = await RunAsync(
            new(isDeployed ? Deployed : [])
            {
                ["identity list --resource-group rg-test --query [?starts_with(name, 'id-coordinator-')].name "] = isDeployed ? identities : "exit 9",
            },
            ("NANODET_JOB_END_KEY_VAULT_URL", "https://vault.example/secrets/x"));

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(isWarned, run.Lines.Any(line =>
            line.StartsWith("warn   NANODET_JOB_END_KEY_VAULT_URL is set, and the coordinator's identity", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("/subscriptions/1/resourceGroups/g/providers/Microsoft.EventGrid/topics/t", 0)]
    [InlineData("/subscriptions/1/resourcegroups/g/providers/microsoft.eventgrid/topics/t", 0)]
    [InlineData("/subscriptions/1/resourceGroups/g/providers/Microsoft.EventGrid/domains/t", 1)]
    public async Task Preflight_IdOfATopic_MayBeWrittenAsAzureDoes(string topic, int exitCode) =>
        Assert.Equal(exitCode, (await RunAsync([], ("NANODET_JOB_END_TOPIC_ID", topic))).ExitCode);

    /// <summary>An az that fails has not said that there is no such group.</summary>
    [Fact]
    public async Task Preflight_GroupThatCannotBeLookedUp_IsNotFree()
    {
        var run = await RunAsync(new() { ["group exists"] = "exit 3" });

        Assert.Equal(3, run.ExitCode);
        Assert.DoesNotContain(run.Lines, line => line.Contains("is free", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Preflight_SettingsThatLeadNowhere_AreAllNamedAtOnce()
    {
        var run = await RunAsync(
            [],
            ("NANODET_HOSTING", "gpu-v100"), ("NANODET_TOPOLOGY", "three"), ("NANODET_ORCHESTRATION_STORE", "disk"),
            ("NANODET_SCHEDULER_PROVIDER", "yes"), ("NANODET_JOB_END_WEBHOOK_HOSTS", "a.example"), ("NANODET_JOB_END_TOPIC_ID", "https://t.example"),
            ("NANODET_CHECKPOINT", "/no/such.pth"), ("NANODET_CHECKPOINT_UPLOAD", "never"), ("NANODET_MONTHLY_BUDGET", "100"),
            ("NANODET_NIGHTLY_SCHEDULE", "0 2 * * *"), ("NANODET_WARM_START", "50 1 * * *"));

        Assert.Equal(1, run.ExitCode);
        Assert.All(
            [
                "NANODET_HOSTING: expected", "NANODET_TOPOLOGY: expected", "NANODET_ORCHESTRATION_STORE: expected",
                "NANODET_SCHEDULER_PROVIDER: expected true or false, found 'yes'", "there is no file '/no/such.pth'", "NANODET_MONTHLY_BUDGET needs",
                "NANODET_NIGHTLY_SCHEDULE: expected six fields", "NANODET_CHECKPOINT_UPLOAD: expected changed or always, found 'never'",
                "NANODET_JOB_END_WEBHOOK and NANODET_JOB_END_WEBHOOK_HOSTS need NANODET_JOB_END_KEY_VAULT_URL",
                "NANODET_JOB_END_TOPIC_ID: expected the resource id of an Event Grid topic, found 'https://t.example'",
                "NANODET_WARM_START and NANODET_WARM_END belong together",
            ],
            text => Assert.Contains(run.Lines, line => line.StartsWith($"error  {text}", StringComparison.Ordinal)));
        Assert.EndsWith("nothing was created.", run.Lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scheduler", "false", true)]
    [InlineData("scheduler", "true", false)]
    [InlineData("storage", "true", false)]
    public async Task Preflight_SchedulerWithAnImageThatCannotUseIt_IsAnError(string store, string provider, bool isError)
    {
        var run = await RunAsync([], ("NANODET_ORCHESTRATION_STORE", store), ("NANODET_SCHEDULER_PROVIDER", provider));

        Assert.Equal(isError, run.Lines.Any(line =>
            line.StartsWith("error  NANODET_ORCHESTRATION_STORE=scheduler needs an image", StringComparison.Ordinal)));
    }

    /// <summary>azd 1.24 built in the registry without the arguments of azure.yaml.</summary>
    [Theory]
    [InlineData("1.25.6", true)]
    [InlineData("1.26.0", false)]
    public async Task Preflight_AzdThatDropsBuildArguments_IsAnError(string version, bool isError)
    {
        var run = await RunAsync([], version, ("NANODET_SCHEDULER_PROVIDER", "true"));

        Assert.Equal(isError, run.Lines.Any(line =>
            line.StartsWith("error  NANODET_SCHEDULER_PROVIDER=true needs azd 1.26.0", StringComparison.Ordinal)));
    }

    /// <summary>azd may run on a machine inside the network, which needs no address; the preflight cannot know.</summary>
    [Fact]
    public async Task Preflight_PrivateNetworkWithoutAnAddress_IsAWarning()
    {
        const string Line = "warn   NANODET_PRIVATE_NETWORK=true keeps the hooks out of storage, unless this machine is inside the network";
        const string Network = "printf 'Microsoft.%s\\n' App ContainerRegistry EventGrid Insights ManagedIdentity OperationalInsights Storage Network";

        var without = await RunAsync(new() { ["provider list"] = Network }, ("NANODET_PRIVATE_NETWORK", "true"));
        var with = await RunAsync(
            new() { ["provider list"] = Network }, ("NANODET_PRIVATE_NETWORK", "true"), ("NANODET_ALLOWED_IP_ADDRESSES", "203.0.113.7"));

        Assert.Equal((0, 0), (without.ExitCode, with.ExitCode));
        Assert.Contains(without.Lines, line => line.StartsWith(Line, StringComparison.Ordinal));
        Assert.DoesNotContain(with.Lines, line => line.StartsWith(Line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Preflight_OnTheCpuWithAScheduler_AsksForNoGpuAndForItsProvider()
    {
        var run = await RunAsync([], ("NANODET_HOSTING", "cpu"), ("NANODET_ORCHESTRATION_STORE", "scheduler"));

        Assert.DoesNotContain(run.Lines, line => line.Contains("GPU", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith("error  provider Microsoft.DurableTask is not registered", StringComparison.Ordinal));
        Assert.Equal("Preflight is off.", Assert.Single((await RunAsync([], ("NANODET_PREFLIGHT", "off"))).Lines));
    }

    private Task<(int ExitCode, string[] Lines)> RunAsync(
        Dictionary<string, string> answers, params (string Name, string Value)[] settings) => RunAsync(answers, "1.22.0", settings);

    private async Task<(int ExitCode, string[] Lines)> RunAsync(
        Dictionary<string, string> answers, string azd, params (string Name, string Value)[] settings)
    {
        var cases = answers.Concat(Well.Where(pair => !answers.ContainsKey(pair.Key))).Select(pair => $"  \"{pair.Key}\"*) {pair.Value} ;;");
        const string Other = "  *) echo \"unexpected: az $*\" >&2; exit 9 ;;";
        await StandIns.WriteAsync(_folder, "az", $"case \"$*\" in\n{string.Join('\n', cases)}\n{Other}\nesac", Token);
        await StandIns.WriteAsync(_folder, "azd", $"case \"$*\" in version) echo 'azd version {azd} (commit 0)' ;; 'env get-values') cat \"${{VALUES:-/dev/null}}\" ;; 'env get-value AZURE_ENV_NAME') echo 007 ;; esac", Token);
        await StandIns.WriteAsync(_folder, "curl", "true", Token);
        var start = new ProcessStartInfo("sh", [Repository.PathOf("infra", "preflight.sh")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.MeetOnly(_folder);
        foreach (var (name, value) in new[]
            { ("AZURE_ENV_NAME", "test"), ("AZURE_LOCATION", "swedencentral"), ("AZURE_SUBSCRIPTION_ID", "1111") }.Concat(settings))
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Token);
        var error = await process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        Assert.Equal(string.Empty, error);
        return (process.ExitCode, (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
