using Nanodet.Serverless.LocalHost.Settings;

namespace Nanodet.Serverless.LocalHost.Tests;

public sealed class HostSettingsTests : IDisposable
{
    private readonly DirectoryInfo app = Directory.CreateTempSubdirectory("settings-");

    [Fact]
    public void Load_SameSettingInEverySource_TakesTheStrongest()
    {
        Write("local.settings.json", """{ "Values": { "PATH": "values", "Only": "values", "A:B": "values", "AzureWebJobsStorage": "values" } }""");

        var settings = Load(("A__B", "options"));

        Assert.Equal(Environment.GetEnvironmentVariable("PATH"), settings.Configuration["PATH"]);
        Assert.Equal("values", settings.Configuration["Only"]);
        Assert.Equal("options", settings.Configuration["A:B"]);
        Assert.Equal("options", settings.WorkerEnvironment["A__B"]);
        Assert.Equal("storage", settings.Configuration["AzureWebJobsStorage"]);
        Assert.Equal("storage", settings.WorkerEnvironment["AzureWebJobsStorage"]);
        Assert.Equal(app.FullName, settings.WorkerEnvironment["FUNCTIONS_APPLICATION_DIRECTORY"]);
    }

    [Fact]
    public void Load_HostJson_IsOverriddenBySettings()
    {
        Write("host.json", """{ "functionTimeout": "00:10:00", "extensions": { "http": { "routePrefix": "v1" }, "queues": { "batchSize": 4 } } }""");

        var settings = Load(("AzureFunctionsJobHost__extensions__http__routePrefix", ""));

        Assert.Equal("", settings.RoutePrefix);
        Assert.Equal(TimeSpan.FromMinutes(10), settings.FunctionTimeout);
        Assert.Equal("4", settings.Configuration["AzureFunctionsJobHost:extensions:queues:batchSize"]);
    }

    [Theory]
    [InlineData("AzureWebJobs.Copy.Disabled", "true", true)]
    [InlineData("AzureWebJobs__Copy__Disabled", "True", true)]
    [InlineData("AzureWebJobs_Copy_Disabled", "1", true)]
    [InlineData("AzureWebJobs.Copy.Disabled", "false", false)]
    [InlineData("AzureWebJobs.Other.Disabled", "true", false)]
    public void IsDisabled_AnySpelling_IsHonoured(string name, string value, bool expected) =>
        Assert.Equal(expected, Load((name, value)).IsDisabled("Copy"));

    [Theory]
    [InlineData(null, "/app/Nanodet.Serverless.Functions.dll", "nanodet-serverless-functions")]
    [InlineData(null, "/app/A.Name.Of.More.Than.Thirty-Two.Letters.dll", "a-name-of-more-than-thirty-two-l")]
    [InlineData("chosen", "/app/App.dll", "chosen")]
    public void HostId_Chosen_OrFromWorker(string? chosen, string worker, string expected) =>
        Assert.Equal(expected, Load().HostId(chosen, worker));

    [Fact]
    public void HostId_FromSetting_WinsOverWorker() =>
        Assert.Equal("by-setting", Load(("AzureFunctionsWebHost__hostid", "by-setting")).HostId(null, "/app/App.dll"));

    [Fact]
    public void Load_HostJsonThatIsNotJson_IsRefused()
    {
        Write("host.json", "{");

        Assert.Equal("not_a_function_app", Assert.Throws<FunctionHostException>(() => Load()).Code);
    }

    public void Dispose() => app.Delete(recursive: true);

    private void Write(string file, string json) => File.WriteAllText(Path.Combine(app.FullName, file), json);

    private HostSettings Load(params (string Name, string Value)[] settings) => HostSettings.Load(app.FullName, new FunctionHostOptions
    {
        AppDirectory = app.FullName,
        Settings = settings.ToDictionary(setting => setting.Name, setting => setting.Value),
        StorageConnectionString = "storage",
    });
}
