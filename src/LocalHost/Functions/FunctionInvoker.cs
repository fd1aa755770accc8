using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.WebJobs;
using Nanodet.Serverless.LocalHost.Rpc;
using Nanodet.Serverless.LocalHost.Worker;

namespace Nanodet.Serverless.LocalHost.Functions;

/// <summary>Where an engine's call becomes an invocation in the worker, and the worker's answer the engine's outputs.</summary>
internal sealed class FunctionInvoker(
    IEnumerable<FunctionDefinition> functions, WorkerSupervisor worker, HttpInvocationForwarder http)
{
    private readonly Dictionary<string, FunctionDefinition> _functions = functions.ToDictionary(function => function.Name);

    public async Task<object?> InvokeAsync(string name, object trigger, Binder binder, CancellationToken cancellationToken)
    {
        var function = _functions[name];
        var session = await worker.GetSessionAsync(cancellationToken);
        var request = await CreateRequestAsync(function, trigger, binder, cancellationToken);
        var response = trigger is HttpContext context
            ? await http.InvokeAsync(session, request, context, cancellationToken)
            : await session.InvokeAsync(request, cancellationToken);
        foreach (var output in function.Outputs)
        {
            var value = output.Name == "$return"
                ? response.ReturnValue
                : response.OutputData.FirstOrDefault(data => data.Name == output.Name)?.Data;
            if (value is { DataCase: not TypedData.DataOneofCase.None })
            {
                await BindingValues.WriteAsync(binder, output, value, cancellationToken);
            }
        }

        return RpcValue.ToResult(response.ReturnValue);
    }

    private static async Task<InvocationRequest> CreateRequestAsync(
        FunctionDefinition function, object trigger, Binder binder, CancellationToken cancellationToken)
    {
        if (function.Trigger.Is("queueTrigger") && trigger is string message)
        {
            AddMessageFields(binder.BindingData, message);
        }

        var request = new InvocationRequest
        {
            InvocationId = Guid.NewGuid().ToString(),
            FunctionId = function.Id,
            TraceContext = new RpcTraceContext
            {
                TraceParent = Activity.Current?.Id ?? string.Empty,
                TraceState = Activity.Current?.TraceStateString ?? string.Empty,
            },
            InputData = { new ParameterBinding { Name = function.Trigger.Name, Data = RpcValue.From(trigger) } },
        };
        foreach (var input in function.Inputs)
        {
            var value = await BindingValues.ReadAsync(binder, input, cancellationToken);
            request.InputData.Add(new ParameterBinding { Name = input.Name, Data = RpcValue.From(value) });
        }

        // "sys" is the engine's own bookkeeping; a request travels by HTTP and has only its route values here.
        var metadata = trigger is HttpContext context
            ? context.Request.RouteValues.AsEnumerable()
            : binder.BindingData.Where(entry => entry.Key != "sys")!;
        foreach (var (key, value) in metadata)
        {
            if (value is not null)
            {
                request.TriggerMetadata[key] = RpcValue.From(value);
            }
        }

        return request;
    }

    /// <summary>In other bindings' expressions the values of a JSON message come before the engine's of the same name.</summary>
    private static void AddMessageFields(Dictionary<string, object> bindingData, string message)
    {
        if (!message.AsSpan().TrimStart().StartsWith("{"))
        {
            return;
        }

        try
        {
            using var json = JsonDocument.Parse(message);
            foreach (var property in json.RootElement.EnumerateObject())
            {
                if (property.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null))
                {
                    bindingData[property.Name] = property.Value.ToString();
                }
            }
        }
        catch (JsonException)
        {
            // Text that only looks like JSON.
        }
    }
}
