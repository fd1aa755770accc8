using System.Reflection;
using System.Text.Json.Nodes;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Functions.Http;
using Nanodet.Serverless.Functions.Tests.Batches;
using Nanodet.Serverless.Viewer;

namespace Nanodet.Serverless.Functions.Tests.Http;

/// <summary>What holds for every route of the API, by its description: queries are read whole, and bodies are bounded.</summary>
public sealed class RoutesTests : IAsyncLifetime
{
    private static readonly JsonObject Document = JsonNode.Parse(OpenApiDocument.Utf8Json.Span)!.AsObject();

    private static readonly Dictionary<string, MethodInfo> Functions = typeof(NanodetFunctions).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods())
        .Where(method => method.GetParameters().Any(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>() is not null))
        .ToDictionary(method => method.GetCustomAttribute<FunctionAttribute>()!.Name);

    private readonly FakeTimeProvider _time = new();
    private ServiceProvider _services = null!;

    public static TheoryData<string> All => [.. Operations().Select(operation => operation.Id)];

    public static TheoryData<string> WithBody => [.. Operations().Where(operation => operation.HasBody).Select(operation => operation.Id)];

    public static TheoryData<string> Changing => [.. Operations().Where(IsChanging).Select(operation => operation.Id)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration["AzureWebJobsStorage"] = "UseDevelopmentStorage=true";
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.AddNanodet();
        _services = builder.Services.BuildServiceProvider(validateScopes: true);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public void Operations_OfTheDocument_AreTheFunctions() => Assert.Equal(
        Functions.Keys.Order(StringComparer.Ordinal), Operations().Select(operation => operation.Id).Order(StringComparer.Ordinal));

    /// <summary>The page offers to try a photo only where the app has the function for it.</summary>
    [Theory]
    [InlineData("all", true)]
    [InlineData("coordinator", false)]
    public async Task Page_OfARole_IsToldWhetherAPhotoCanBeTried(string role, bool canDetect)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration["AzureWebJobsStorage"] = "UseDevelopmentStorage=true";
        builder.Configuration[NanodetFunctions.RoleSetting] = role;
        builder.AddNanodet();
        await using var services = builder.Services.BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services, Response = { Body = new MemoryStream() } };

        await ActivatorUtilities.CreateInstance<ViewerApi>(services).Get(context.Request, ViewerConfig.Path).ExecuteAsync(context);
        context.Response.Body.Position = 0;

        Assert.Equal(canDetect, (bool)(await JsonNode.ParseAsync(context.Response.Body, cancellationToken: Token))!["canDetect"]!);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Query_UnknownParameter_IsRefusedByName(string id)
    {
        var operation = Operations().Single(operation => operation.Id == id);
        var (status, problem, _) = await CallAsync(operation, "?code=key&clientId=name&nobody=1", Stream.Null);

        Assert.Equal((400, "request_invalid"), (status, (string?)problem["code"]));
        var detail = (string)problem["detail"]!;
        Assert.StartsWith("nobody: ", detail, StringComparison.Ordinal);
        Assert.All(operation.Parameters, name => Assert.Contains(name, detail, StringComparison.Ordinal));
        Assert.Contains("400", operation.Statuses);
    }

    [Theory]
    [InlineData("?code=key&clientId=name", null)]
    [InlineData("?Code=key", null)]
    [InlineData("?nobody=1", "nobody: expected no query parameter here.")]
    public void Query_KeysOfAzure_AreAlwaysTaken(string query, string? problem)
    {
        var request = new DefaultHttpContext().Request;
        request.QueryString = new QueryString(query);

        Assert.Equal(problem, RequestQuery.FindProblem(request.Query, [], hasBody: false));
    }

    [Theory]
    [MemberData(nameof(WithBody))]
    public async Task Body_AllPlacesTaken_IsRefusedUnread(string id)
    {
        while (_services.GetRequiredService<BodyReader>().Budget.TryEnter())
        {
            // Other bodies.
        }

        var operation = Operations().Single(operation => operation.Id == id);
        var (status, problem, headers) = await CallAsync(operation, "", new Unreadable());

        Assert.Equal((429, "too_many_bodies"), (status, (string?)problem["code"]));
        Assert.Equal("1", (string?)headers.RetryAfter);
        Assert.Contains("429", operation.Statuses);
    }

    [Theory]
    [MemberData(nameof(WithBody))]
    public async Task Body_Endless_IsRefused(string id)
    {
        var operation = Operations().Single(operation => operation.Id == id);
        var (status, problem, _) = await CallAsync(operation, "", new Endless());

        Assert.Equal((413, id == DetectApi.FunctionName ? "image_too_large" : "request_too_large"), (status, (string?)problem["code"]));
        Assert.Contains("413", operation.Statuses);
    }

    [Theory]
    [MemberData(nameof(WithBody))]
    public async Task Body_ThatStops_IsCut(string id)
    {
        var operation = Operations().Single(operation => operation.Id == id);
        var answer = CallAsync(operation, "", new Silent());
        Assert.False(answer.IsCompleted);

        _time.Advance(TimeSpan.FromMinutes(3));

        var (status, problem, _) = await answer.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Token);
        Assert.Equal((408, "body_too_slow"), (status, (string?)problem["code"]));
        Assert.Contains("408", operation.Statuses);
    }

    [Theory]
    [MemberData(nameof(Changing))]
    public async Task Body_WhereNoneIsDescribed_IsNotRead(string id)
    {
        var operation = Operations().Single(operation => operation.Id == id);

        Assert.Equal(operation.HasBody, !await LeavesBodyAloneAsync(operation));
    }

    private static bool IsChanging(Operation operation) => operation.Method is not ("get" or "head");

    private static IEnumerable<Operation> Operations() =>
        from path in Document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select new Operation(
            (string)operation.Value!["operationId"]!,
            operation.Key,
            operation.Value["requestBody"] is not null,
            [
                .. (operation.Value["parameters"] as JsonArray ?? [])
                    .Where(parameter => (string?)parameter!["in"] == "query").Select(parameter => (string)parameter!["name"]!),
            ],
            [.. operation.Value["responses"]!.AsObject().Select(response => response.Key)]);

    private async Task<bool> LeavesBodyAloneAsync(Operation operation)
    {
        try
        {
            // A job that cannot be: nothing is asked of storage.
            await CallAsync(operation, "", new Unreadable());
            return true;
        }
        catch (NotSupportedException)
        {
            return false;
        }
    }

    private async Task<(int Status, JsonNode Problem, IHeaderDictionary Headers)> CallAsync(Operation operation, string query, Stream body)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = operation.Method.ToUpperInvariant();
        context.Request.QueryString = new QueryString(query);
        context.Request.Body = body;
        using var answer = new MemoryStream();
        context.Response.Body = answer;
        var function = Functions[operation.Id];
        var instance = function.IsStatic ? null : ActivatorUtilities.CreateInstance(_services, function.DeclaringType!);
        object?[] arguments =
        [
            .. function.GetParameters().Select(object? (parameter) => parameter.ParameterType switch
            {
                var type when type == typeof(HttpRequest) => context.Request,
                var type when type == typeof(DurableTaskClient) => new FakeDurableClient(StatusCode.NotFound, () => null),
                var type when type == typeof(CancellationToken) => Token,
                _ => "-",
            }),
        ];
        var result = function.Invoke(instance, arguments) switch
        {
            Task<IResult> task => await task,
            var direct => (IResult)direct!,
        };
        await result.ExecuteAsync(context);
        return (context.Response.StatusCode, JsonNode.Parse(answer.ToArray())!, context.Response.Headers);
    }

    private sealed record Operation(
        string Id, string Method, bool HasBody, IReadOnlyList<string> Parameters, IReadOnlyList<string> Statuses);

    /// <summary>A body that nobody may read.</summary>
    private sealed class Unreadable : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }

    /// <summary>A body that goes on for ever.</summary>
    private sealed class Endless : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(buffer.Length);
    }

    /// <summary>A body of which nothing comes.</summary>
    private sealed class Silent : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return 0;
        }
    }
}
