using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Functions.Roles;

namespace Nanodet.Serverless.Functions.Tests.Hosting;

/// <summary>The classes of the functions, as the worker sees them.</summary>
public sealed class FunctionClassesTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly MethodInfo[] Functions =
    [
        .. typeof(NanodetFunctions).Assembly.GetTypes().SelectMany(type => type.GetMethods(Declared))
            .Where(method => method.GetCustomAttribute<FunctionAttribute>() is not null),
    ];

    [Theory]
    [InlineData(AppRole.All)]
    [InlineData(AppRole.Coordinator)]
    [InlineData(AppRole.Worker)]
    public async Task Services_OfARole_CanMakeEveryClassOfItsFunctions(AppRole role)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration["AzureWebJobsStorage"] = "UseDevelopmentStorage=true";
        builder.Configuration[NanodetFunctions.RoleSetting] = role.ToString();
        builder.AddNanodet();
        await using var services = builder.Services.BuildServiceProvider(validateScopes: true);

        var classes = Functions.Where(function => RoleFunctions.Runs(role, Name(function)) && !function.IsStatic)
            .Select(function => function.DeclaringType!).Distinct().ToArray();

        Assert.NotEmpty(classes);
        Assert.All(classes, type => Assert.NotNull(ActivatorUtilities.CreateInstance(services, type)));
    }

    [Fact]
    public void Http_EachFunction_HasItsRouteMethodAndKey()
    {
        var http = Functions
            .Select(function => (Function: function, Trigger: Trigger(function)))
            .Where(one => one.Trigger is not null)
            .Select(one => $"{Name(one.Function)}: {string.Join(' ', one.Trigger!.Methods!)} {one.Trigger.Route} {one.Trigger.AuthLevel}");

        Assert.Equal(
            [
                "CancelJob: delete jobs/{jobId} Function",
                "DetectImage: post detect Function",
                "ExportResults: get results/export Function",
                "GetImageLink: get head images Function",
                "GetJob: get head jobs/{jobId} Function",
                "GetOpenApi: get head openapi.json Function",
                "GetResultSchema: get head schemas/detection-result.v1.schema.json Function",
                "GetThumbnail: get head thumbnails Function",
                "Health: get head health Anonymous",
                "HealthDetails: get head health/details Function",
                "ListJobs: get head jobs Function",
                "ListModels: get head models Function",
                "ListResults: get head results Function",
                "RetryJob: post jobs/{jobId}/retry Function",
                "RollbackModel: post models/rollback Function",
                "StartJob: post jobs Function",
                "UploadList: post lists Function",
                "Viewer: get head viewer/{*path} Anonymous",
            ],
            http.Order(StringComparer.Ordinal));
    }

    private static HttpTriggerAttribute? Trigger(MethodInfo function) => function.GetParameters()
        .Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()).SingleOrDefault(trigger => trigger is not null);

    private static string Name(MethodInfo function) => function.GetCustomAttribute<FunctionAttribute>()!.Name;
}
