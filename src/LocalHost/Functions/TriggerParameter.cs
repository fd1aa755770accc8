using System.Reflection.Emit;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;

namespace Nanodet.Serverless.LocalHost.Functions;

/// <summary>How the engine is told of a trigger: the parameter's type and attribute, and whether it wants the result.</summary>
/// <param name="Type">The type in which the engine hands over what triggered.</param>
/// <param name="Attribute">The engine's trigger attribute; null when the host itself calls the function.</param>
/// <param name="ReturnsValue">Only the durable engine takes a result; the others refuse a method that has one.</param>
internal sealed record TriggerParameter(Type Type, CustomAttributeBuilder? Attribute, bool ReturnsValue)
{
    public static TriggerParameter For(FunctionBinding trigger, Func<string, string> resolve) => trigger.Type.ToUpperInvariant() switch
    {
        "QUEUETRIGGER" => Of<QueueTriggerAttribute>(
            trigger.ValueType, [trigger.Value("queueName")!], (nameof(QueueTriggerAttribute.Connection), trigger.Value("connection"))),
        "BLOBTRIGGER" => Of<BlobTriggerAttribute>(
            trigger.ValueType,
            [trigger.Value("path") ?? trigger.Value("blobPath")!],
            (nameof(BlobTriggerAttribute.Connection), trigger.Value("connection")),
            (nameof(BlobTriggerAttribute.Source), trigger.Value("source") is { } name ? Enum.Parse<BlobTriggerSource>(name, true) : null)),
        "TIMERTRIGGER" => Timer(trigger, resolve(trigger.Value("schedule")!)),
        "ORCHESTRATIONTRIGGER" => Durable<OrchestrationTriggerAttribute>(
            (nameof(OrchestrationTriggerAttribute.Orchestration), trigger.Value("orchestration"))),
        "ACTIVITYTRIGGER" => Durable<ActivityTriggerAttribute>((nameof(ActivityTriggerAttribute.Activity), trigger.Value("activity"))),
        "ENTITYTRIGGER" => Durable<EntityTriggerAttribute>((nameof(EntityTriggerAttribute.EntityName), trigger.Value("entityName"))),
        _ => new TriggerParameter(typeof(HttpContext), null, ReturnsValue: false),
    };

    /// <summary>An expression is read in UTC; a time span, between two runs, is the engine's.</summary>
    private static TriggerParameter Timer(FunctionBinding trigger, string schedule) => Of<TimerTriggerAttribute>(
        typeof(TimerInfo),
        [UtcSchedule.TypeOf(schedule) is { } type ? type : schedule],
        (nameof(TimerTriggerAttribute.RunOnStartup), trigger.Flag("runOnStartup")),
        (nameof(TimerTriggerAttribute.UseMonitor), UtcTimes.Parse(schedule) is { AreFrequent: true } ? false : trigger.Flag("useMonitor")));

    private static TriggerParameter Durable<TAttribute>((string Name, object? Value) name) =>
        Of<TAttribute>(typeof(string), [], name) with { ReturnsValue = true };

    private static TriggerParameter Of<TAttribute>(Type type, object[] arguments, params (string Name, object? Value)[] properties)
    {
        var attribute = typeof(TAttribute);
        var set = Array.FindAll(properties, property => property.Value is not null);
        return new TriggerParameter(
            type,
            new CustomAttributeBuilder(
                attribute.GetConstructor(Array.ConvertAll(arguments, argument => argument is Type ? typeof(Type) : argument.GetType()))!,
                arguments,
                Array.ConvertAll(set, property => attribute.GetProperty(property.Name)!),
                Array.ConvertAll(set, property => property.Value)),
            ReturnsValue: false);
    }
}
