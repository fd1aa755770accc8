using System.Text.Json;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Cli.Tests.Commands;

/// <summary>What <c>nanodet doctor</c> is asked beside the machine.</summary>
public sealed class DoctorOptionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Doctor_ThisMachine_SaysWhichDriverTheProviderNeeds()
    {
        var gpu = (await Cli.JsonAsync("doctor")).GetProperty("gpu");

        Assert.Equal(OperatingSystem.IsLinux() ? 580 : null, gpu.GetProperty("requiredDriver").Deserialize<int?>());
        if (gpu.GetProperty("driverVersion").GetString() is null)
        {
            Assert.Contains("no NVIDIA driver", gpu.GetProperty("problem").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Doctor_Model_IsReplayed()
    {
        var model = await WriteModelAsync(new OnnxTestModel());

        var report = (await Cli.JsonAsync("doctor", "--model", model)).GetProperty("model");

        Assert.Equal("test-plus", report.GetProperty("name").GetString());
        Assert.True(report.GetProperty("parity").GetProperty("passed").GetBoolean());
        Assert.InRange(report.GetProperty("parity").GetProperty("valuesCompared").GetInt32(), 1, 4096);
        var text = await Cli.RunAsync("doctor", "--model", model);
        Assert.Contains("values replayed, largest difference", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_ModelThatDoesNotReproduceItsFixture_FailsByNameBehindItsReport()
    {
        var model = await WriteModelAsync(new OnnxTestModel(), fixtureOf: new OnnxTestModel { Gain = 3 });

        var run = await Cli.RunAsync("doctor", "--model", model, "--json");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: parity_failed: ", run.Error, StringComparison.Ordinal);
        using var report = JsonDocument.Parse(run.Output);
        Assert.False(report.RootElement.GetProperty("model").GetProperty("parity").GetProperty("passed").GetBoolean());
        Assert.Equal("parity_failed", report.RootElement.GetProperty("problems")[0].GetProperty("code").GetString());
    }

    [Fact]
    public async Task Doctor_GpuRequired_IsAnErrorOnlyThen()
    {
        var run = await Cli.RunAsync("doctor", "--require-gpu", "--json");

        using var report = JsonDocument.Parse(run.Output);
        var gpus = report.RootElement.GetProperty("providers").EnumerateArray().Where(provider => provider.GetProperty("name").GetString() != "CPU").ToArray();
        if (gpus.Any(provider => provider.GetProperty("usable").GetBoolean()))
        {
            Assert.Equal(0, run.ExitCode);
            return;
        }

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: provider_unavailable: Expected a GPU, found none that can be used. Driver: ", run.Error, StringComparison.Ordinal);
        var missing = gpus.SelectMany(provider => provider.GetProperty("missingLibraries").EnumerateArray()).Select(library => library.GetString()!).ToArray();
        Assert.All(missing, library => Assert.Contains(library, run.Error, StringComparison.Ordinal));
        Assert.True(!OperatingSystem.IsLinux() || missing.Length > 0, run.Error);
    }

    [Fact]
    public async Task Doctor_StorageThatCannotBeReached_FailsByName()
    {
        var up = new
        {
            server = "http://127.0.0.1:9/",
            storage = "AccountName=a;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;",
            processId = 1,
        };
        await File.WriteAllTextAsync(_folder.File("up.json"), JsonSerializer.Serialize(up), TestContext.Current.CancellationToken);

        var run = await Cli.RunAsync("doctor", "--storage", "--data", _folder.Path, "--json");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith(
            $"target: the storage of the app at http://127.0.0.1:9/ ({_folder.Path})\n"
                + "error: storage_refused: To list container images: Storage cannot be reached",
            run.Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain("AAAA", run.Error + run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("doctor takes either --storage or --account", "doctor", "--storage", "--account", "somebody")]
    [InlineData("--data: only with --storage", "doctor", "--data", "nowhere")]
    [InlineData("--account: expected the name", "doctor", "--account", "Not A Name")]
    [InlineData("--account: expected the name", "models", "--account", "http://somebody.blob.core.windows.net")]
    [InlineData("--client-id: only with --account", "rollback", "--client-id", "x")]
    public async Task Account_OptionsThatContradict_AreWrongUsage(string expected, params string[] arguments)
    {
        var run = await Cli.RunAsync(arguments);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    private async Task<string> WriteModelAsync(OnnxTestModel model, OnnxTestModel? fixtureOf = null)
    {
        var fixture = ParityFixture.Compute((fixtureOf ?? model).Build());
        var path = _folder.File("model.onnx");
        var bytes = (model with { Metadata = new Dictionary<string, string?> { ["nanodet.parity"] = fixture } }).Build();
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        return path;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true, "AzureWebJobsScriptRoot=/home/site/wwwroot")]
    [InlineData(true, "FUNCTIONS_WORKER_RUNTIME=dotnet-isolated", "Nanodet__Role=coordinator")]
    [InlineData(true, "FUNCTIONS_WORKER_RUNTIME=dotnet-isolated", "WEBSITE_HOSTNAME=")]
    [InlineData(false, "FUNCTIONS_WORKER_RUNTIME=dotnet-isolated", "Nanodet__Role=worker")]
    [InlineData(false, "FUNCTIONS_WORKER_RUNTIME=dotnet-isolated", "WEBSITE_HOSTNAME=localhost:8080")]
    public async Task Doctor_FunctionAppWithoutAHostName_FailsByName(bool fails, params string[] environment)
    {
        var settings = environment.Select(setting => setting.Split('=')).ToDictionary(setting => setting[0], setting => setting[1]);
        foreach (var name in (string[])["AzureWebJobsScriptRoot", "FUNCTIONS_WORKER_RUNTIME", "Nanodet__Role", "WEBSITE_HOSTNAME"])
        {
            settings.TryAdd(name, string.Empty);
        }

        var run = await Cli.RunAsync(settings, "doctor");

        Assert.Equal(fails, run.Error.Contains("error: host_name_missing: ", StringComparison.Ordinal));
        Assert.Equal(fails ? 1 : 0, run.ExitCode);
    }
}
